"""The whole stack on one machine, without Docker: starts, watches, stops and wipes its parts."""
