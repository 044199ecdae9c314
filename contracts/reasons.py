"""Why a message was set aside: at the lake's door (dead letter) or by the contract (rejection)."""

from enum import StrEnum


class DeadLetterReason(StrEnum):
    """Why `jsonb` cannot hold a message, or why a later reader could not read it back."""

    EMPTY = "empty"
    """No value at all: a tombstone or zero bytes."""
    TOO_LARGE = "too_large"
    """More bytes than `TRIPLINE_CONSUMER_MAXIMUM_MESSAGE_BYTES`."""
    NOT_UTF8 = "not_utf8"
    """Bytes that are not UTF-8."""
    NOT_JSON = "not_json"
    """UTF-8 text that is not one JSON document (NaN and Infinity are not JSON)."""
    NUL_CHARACTER = "nul_character"
    """A string or a key holds U+0000, which `jsonb` refuses."""
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    """A number beyond what an IEEE double or a 64-bit integer holds."""
    TOO_DEEP = "too_deep"
    """Nested deeper than 64 levels."""
    REFUSED_BY_LAKE = "refused_by_lake"
    """Postgres refused it for another reason; the SQLSTATE is in the error."""
    ALREADY_REPLAYED = "already_replayed"
    """A replay of a dead letter of which another replay has landed."""


class RejectionReason(StrEnum):
    """Why an event that landed in the lake breaks the contract."""

    NOT_AN_OBJECT = "not_an_object"
    """The JSON document is not an object."""
    MISSING_FIELD = "missing_field"
    """A required field is absent."""
    WRONG_TYPE = "wrong_type"
    """A field has another JSON type than the contract's."""
    UNKNOWN_VALUE = "unknown_value"
    """A value outside an enumeration."""
    MALFORMED_VALUE = "malformed_value"
    """A string that does not match its pattern (UUID, date, currency)."""
    OUT_OF_RANGE = "out_of_range"
    """A number outside its range, or a list of another length than allowed."""
    UNSUPPORTED_VERSION = "unsupported_version"
    """`schema_version` has another major version than this contract."""
    INCONSISTENT = "inconsistent"
    """The fields contradict each other (a `trip_end` without its fare, a total that is not the sum of its parts)."""
