"""A preview of the report without Power BI: the same pages, the model's own measures, other drawing."""
