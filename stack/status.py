"""`python -m stack status`: which parts live, and whether the data move."""

import time
from typing import Any

from contracts import console
from contracts.errors import TriplineError, UnreachableError
from contracts.settings import BigQuerySettings, KafkaSettings, LakeSettings, load
from stack.movement import Movement, read_movement
from stack.process import is_alive, resident_bytes
from stack.state import Recorded, StackFolder


def read_status(folder: StackFolder) -> dict[str, Any]:
    """Return the parts and the movement of data, ready for JSON; `moves` is the verdict on the whole stack.

    Raises UnreachableError when no stack runs in this folder.
    """
    supervisor = folder.supervisor()
    if supervisor is None:
        raise UnreachableError("No stack runs here", where=str(folder.path), remedy="`make up` starts one.")
    up_for = time.time() - supervisor.started
    parts = [_part(part) for part in folder.read().parts]
    environment = folder.environment()
    try:
        movement = read_movement(
            load(KafkaSettings, environment), load(LakeSettings, environment), load(BigQuerySettings, environment)
        )
    except TriplineError as error:
        return {"moves": False, "error": str(error), "parts": parts, "stages": [], "dead_lettered": None}
    return {
        "moves": not movement.standing(up_for) and all(part["alive"] for part in parts),
        "parts": parts,
        "stages": _stages(movement, up_for),
        "dead_lettered": movement.dead_lettered,
    }


def show(status: dict[str, Any]) -> None:
    """Print a status as tables."""
    console.table(
        "Parts",
        ("part", "alive", "pid", "memory MB", "up for s", "address"),
        [
            (
                part["name"],
                "yes" if part["alive"] else f"no, see {part['log']}",
                str(part["pid"]),
                f"{part['memory_bytes'] / 2**20:,.0f}",
                f"{part['seconds']:,.0f}",
                part["address"] or "-",
            )
            for part in status["parts"]
        ],
    )
    if "error" in status:
        console.say(status["error"])
        return
    console.table(
        "Data",
        ("stage", "events", "waiting", "last moved", "moves"),
        [
            (
                stage["stage"],
                f"{stage['events']:,}",
                "-" if stage["waiting"] is None else f"{stage['waiting']:,}",
                "never" if stage["seconds_ago"] is None else f"{stage['seconds_ago']:,.1f} s ago",
                "yes" if stage["moves"] else "no",
            )
            for stage in status["stages"]
        ],
    )
    console.say(f"Dead letters: {status['dead_lettered']:,}")


def _part(part: Recorded) -> dict[str, Any]:
    alive = is_alive(part.identity)
    return {
        "name": part.name,
        "alive": alive,
        "pid": part.pid,
        "memory_bytes": resident_bytes(part.identity) if alive else 0,
        "seconds": round(time.time() - part.started, 1) if alive else 0.0,
        "address": part.address,
        "log": part.log,
    }


def _stages(movement: Movement, up_for: float) -> list[dict[str, Any]]:
    return [
        {
            "stage": stage.name,
            "events": stage.events,
            "waiting": stage.waiting,
            "seconds_ago": None if stage.age is None else round(stage.age, 1),
            "moves": stage.moves(up_for),
        }
        for stage in movement.stages
    ]
