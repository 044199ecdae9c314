"""The five pages of the report."""

from powerbi.design.visuals import (
    About,
    Band,
    Page,
    Visual,
    at,
    bars,
    bubbles,
    cards,
    columns,
    funnel,
    heading,
    lines,
    matrix,
    reset,
    slicer,
    table,
)

RECENT = {"[Days Before Newest]": (-7, 42)}
"""Six weeks before the newest day that has trips, and the week that is forecast."""
TOP_AREAS = {"[Area Rank]": (1, 12)}
TOP_PROVIDERS = {"[Provider Rank]": (1, 10)}


def _header(name: str, question: str, third: tuple[str, str, str]) -> tuple[Visual, ...]:
    key, column, title = third
    return (
        heading(name, question),
        slicer("date", "Date[Date]", at(4, 3, 12, 64), "Service date", mode="Between"),
        slicer("side", "Pickup Area[Side]", at(7, 2, 12, 64), "Side of the city"),
        slicer(key, column, at(9, 2, 12, 64), title),
        reset(at(11, 1, 12, 64)),
    )


OUTCOME = ("outcome", "Outcome[Outcome]", "Outcome")
PAYMENT = ("payment", "Payment[Payment]", "Payment")

OVERVIEW = Page(
    "overview",
    "Overview",
    "How many trips, how much revenue, and what comes next?",
    (
        *_header("Overview", "How many trips, how much revenue, and what comes next?", OUTCOME),
        cards(
            "figures",
            at(0, 12, 88, 112),
            "Trips and revenue at a glance",
            [
                "[Trips]",
                "[Revenue]",
                "[Revenue per Trip]",
                "[Cancellation Rate]",
                "[Trips 28 Days]",
                "[Trips 28-Day Growth]",
                "[Forecast Trips]",
            ],
        ),
        lines(
            About(
                "recent",
                at(0, 8, 212, 256),
                "Trips a day: the last six weeks and the seven days ahead",
                "Line of trips a day for six weeks, then the forecast of seven days with its interval",
            ),
            "Date[Date]",
            ["[Trips]", "[Forecast Trips]"],
            only=RECENT,
            band=Band("[Forecast Trips]", "[Forecast Lower]", "[Forecast Upper]"),
        ),
        bars(
            About("outcomes", at(8, 4, 212, 256), "How trips ended", "Bars of trips by outcome"),
            "Outcome[Outcome]",
            ["[Trips]"],
        ),
        lines(
            About(
                "months",
                at(0, 8, 480, 228),
                "Trips a month, and one year earlier",
                "Lines of trips by month and of the trips one year before each",
            ),
            "Date[Month]",
            ["[Trips]", "[Trips Previous Year]"],
        ),
        bars(
            About(
                "sides",
                at(8, 4, 480, 228),
                "Trips by side of the city",
                "Bars of trips by the side of the city they begin in",
            ),
            "Pickup Area[Side]",
            ["[Trips]"],
        ),
    ),
)

DEMAND = Page(
    "demand",
    "Demand",
    "Where and when do trips begin?",
    (
        *_header("Demand", "Where and when do trips begin?", OUTCOME),
        matrix(
            About(
                "heat",
                at(0, 12, 88, 270),
                "Trips by side of the city and hour; expand a side to see its areas",
                "Matrix of trips: sides and community areas down, hours of the day across, darker is more",
            ),
            ["Pickup Area[Side]", "Pickup Area[Area]"],
            "Hour[Hour]",
            "[Trips]",
        ),
        bars(
            About(
                "areas",
                at(0, 5, 370, 338),
                "The twelve busiest community areas",
                "Bars of trips in the twelve community areas with the most trips",
            ),
            "Pickup Area[Area]",
            ["[Trips]"],
            only=TOP_AREAS,
        ),
        bubbles(
            About(
                "map",
                at(5, 4, 370, 338),
                "Where trips begin",
                "Map with a bubble for each community area, larger with more trips",
            ),
            "Pickup Area[Area]",
            ("Pickup Area[Latitude]", "Pickup Area[Longitude]"),
            "[Trips]",
        ),
        columns(
            About("weekdays", at(9, 3, 370, 338), "Trips by day of the week", "Columns of trips by day of the week"),
            "Date[Weekday]",
            ["[Trips]"],
        ),
    ),
)

OPERATIONS = Page(
    "operations",
    "Operations",
    "How do trips run, and where are they lost?",
    (
        *_header("Operations", "How do trips run, and where are they lost?", OUTCOME),
        cards(
            "figures",
            at(0, 12, 88, 112),
            "Service at a glance",
            [
                "[Completion Rate]",
                "[Cancellation Rate]",
                "[Response Minutes]",
                "[Wait Minutes]",
                "[Ride Minutes]",
                "[Open Trips]",
            ],
        ),
        funnel(
            About(
                "funnel",
                at(0, 4, 212, 256),
                "From reservation to fare",
                "Funnel of trips reserved, reached at the kerb, started and completed",
            ),
            "Stage[Stage]",
            "[Trips at Stage]",
        ),
        lines(
            About(
                "waits",
                at(4, 8, 212, 256),
                "Minutes until the vehicle comes and until the ride starts, by hour",
                "Lines of the average response and wait in minutes by hour of the day",
            ),
            "Hour[Hour]",
            ["[Response Minutes]", "[Wait Minutes]"],
        ),
        columns(
            About(
                "cancellations",
                at(0, 6, 480, 228),
                "Cancellation rate by hour",
                "Columns of the share of trips cancelled by hour of the day",
            ),
            "Hour[Hour]",
            ["[Cancellation Rate]"],
        ),
        table(
            About(
                "providers",
                at(6, 6, 480, 228),
                "The ten largest companies",
                "Table of the ten companies with the most trips: trips, completion, response, wait",
            ),
            ["Provider[Provider]", "[Trips]", "[Completion Rate]", "[Response Minutes]", "[Wait Minutes]"],
            sort="-[Trips]",
            only=TOP_PROVIDERS,
        ),
    ),
)

MONEY = Page(
    "money",
    "Money",
    "What is charged, how is it paid, and what is corrected?",
    (
        *_header("Money", "What is charged, how is it paid, and what is corrected?", PAYMENT),
        cards(
            "figures",
            at(0, 12, 88, 112),
            "Revenue at a glance",
            [
                "[Revenue]",
                "[Revenue per Trip]",
                "[Revenue per Mile]",
                "[Tips]",
                "[Tip Rate]",
                "[Restated Trips]",
                "[Restated Rate]",
            ],
        ),
        columns(
            About(
                "parts",
                at(0, 8, 212, 256),
                "Revenue by month and part of the fare",
                "Stacked columns of base fare, tolls, extras and tips by month",
            ),
            "Date[Month]",
            ["[Base Fare]", "[Tolls]", "[Extras]", "[Tips]"],
        ),
        bars(
            About("payments", at(8, 4, 212, 256), "Revenue by means of payment", "Bars of revenue by means of payment"),
            "Payment[Payment]",
            ["[Revenue]"],
        ),
        lines(
            About(
                "years",
                at(0, 5, 480, 228),
                "Revenue a month, and one year earlier",
                "Lines of revenue by month and of the revenue one year before each",
            ),
            "Date[Month]",
            ["[Revenue]", "[Revenue Previous Year]"],
        ),
        columns(
            About(
                "corrections",
                at(5, 3, 480, 228),
                "Corrected or voided trips by month",
                "Columns of trips corrected or voided after they had ended, by month",
            ),
            "Date[Month]",
            ["[Restated Trips]"],
        ),
        bars(
            About(
                "tips",
                at(8, 4, 480, 228),
                "Tips as a share of fares, by payment",
                "Bars of tips as a share of base fares by means of payment",
            ),
            "Payment[Payment]",
            ["[Tip Rate]"],
        ),
    ),
)

HEALTH = Page(
    "health",
    "Data health",
    "Are the figures complete, fresh and reconciled?",
    (
        *_header("Data health", "Are the figures complete, fresh and reconciled?", OUTCOME),
        cards(
            "figures",
            at(0, 12, 88, 112),
            "Health at a glance",
            [
                "[Books]",
                "[Checks]",
                "[Checks Apart]",
                "[Age Minutes]",
                "[Rejected Events]",
                "[Dead Letters]",
                "[Newest Service Date]",
            ],
        ),
        table(
            About(
                "books",
                at(0, 8, 212, 256),
                "The books: each figure in one store against the next",
                "Table of reconciliation checks: source and target figure and their difference",
            ),
            [
                "Reconciliation[Check]",
                "Reconciliation[Source]",
                "[Source Value]",
                "Reconciliation[Target]",
                "[Target Value]",
                "[Difference]",
            ],
            sort="Reconciliation[Check]",
        ),
        table(
            About(
                "freshness",
                at(8, 4, 212, 256),
                "Age of the newest event in each store",
                "Table of the stores with the age of their newest event in minutes",
            ),
            ["Freshness[Store]", "[Age Minutes]", "[Freshness Checked At]"],
            sort="-[Age Minutes]",
        ),
        bars(
            About(
                "rejected",
                at(0, 4, 480, 228),
                "Events that broke the contract, by reason",
                "Bars of rejected events by reason",
            ),
            "Rejected[Reason]",
            ["[Rejected Events]"],
        ),
        bars(
            About("dead-letters", at(4, 4, 480, 228), "Dead letters, by reason", "Bars of dead letters by reason"),
            "Dead Letter[Reason]",
            ["[Dead Letters]"],
        ),
        cards(
            "dirt",
            at(8, 4, 480, 228),
            "Trips kept, and flagged",
            [
                "[Zero Distance Trips]",
                "[Zero Duration Trips]",
                "[Missing Duration Trips]",
                "[Non-positive Fare Trips]",
                "[Missing Provider Trips]",
                "[Missing Dropoff Trips]",
            ],
        ),
    ),
)

PAGES = (OVERVIEW, DEMAND, OPERATIONS, MONEY, HEALTH)
