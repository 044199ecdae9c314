"""Messages that Postgres refuses though the gate let them through, and floods of rubbish: only they are set aside."""

import json

from contracts.errors import ExitCode
from contracts.reasons import DeadLetterReason
from stack.steps import run_step
from tests.support import commands
from tests.support.landing_site import LandingSite

MESSAGES = 120
CANARY = "canary-sesame"
# Refuses some rows of a COPY, and quotes them in the error, as Postgres' own refusals do.
REFUSE = """
CREATE FUNCTION raw.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.payload ? 'poison' THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = NEW.payload::text, DETAIL = NEW.payload::text;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON raw.trip_event FOR EACH ROW EXECUTE FUNCTION raw.refuse();
"""


def test_only_what_postgres_refuses_is_set_aside_and_nobody_quotes_it(site: LandingSite) -> None:
    # Half of all, every second one: in a row they would be split off in one piece.
    refused = (json.dumps({"poison": CANARY}).encode(), DeadLetterReason.REFUSED_BY_LAKE)
    sound = (b'{"sound": true}', None)
    site.ledger.send_many(refused if number % 2 else sound for number in range(MESSAGES))
    site.execute(REFUSE)
    done = commands.run(site.environment(), "consumer", "run", "--until-end", "--json", "--verbose")
    assert json.loads(done.stdout)["dead_letter_reasons"] == {"refused_by_lake": MESSAGES // 2}
    assert CANARY not in done.stdout + done.stderr
    assert not any(CANARY in error for (error,) in site.rows("SELECT error FROM raw.dead_letter"))
    site.verify()


def test_a_flood_of_rubbish_fills_neither_the_log_nor_the_memory(site: LandingSite) -> None:
    site.ledger.send_many((b"rubbish %d" % number, DeadLetterReason.NOT_JSON) for number in range(20_000))
    hasty = site.environment(dead_letter_budget=5_000)
    done = commands.run(hasty, "consumer", "run", "--until-end", "--verbose", expect=ExitCode.BUDGET_EXCEEDED)
    assert len(done.stderr.splitlines()) < 100, "a line for each message would be a storm"
    set_aside = site.dead()
    assert set_aside <= 5_000
    patient = site.environment(dead_letter_budget=100_000, group="patient")
    finished = run_step("consumer", "run", "--until-end", "--json", environment=patient)
    assert finished.result["dead_letter_reasons"] == {"not_json": 20_000 - set_aside}
    assert finished.peak_mebibytes < 300
    site.verify()
