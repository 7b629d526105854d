"""What can fail, and whose move it is next.

    WorkRailError
      InvalidInputError            the caller can fix it
        InvalidDefinitionError       a workflow file, with every problem found in it
        InvalidTokenError            a token that cannot be used, and why
        InvalidSubmissionError       what an agent sent is malformed or over a limit
        MissingContextError          a loop needs a context value that is absent or of a wrong type
        InvalidSourceError           an address, ref or name of a workflow source
        UntrustedWorkflowError       a workflow a person has to trust first
        StaleApprovalError           an answer to something that does not wait for one
        InvalidProofError            a bundle or a public key that is none
        InvalidForkError             a point no session stood at, or a folder that is not free
      NotFoundError                it is not there
        WorkflowNotFoundError
        SessionNotFoundError
        ArtifactNotFoundError
        SourceNotFoundError
        ProofNotFoundError
        SnapshotNotFoundError
      SourceUnavailableError       a source that cannot be reached, read or kept
      GivenUpError                 nobody waits for the answer any more
      ConflictError                someone was faster; try again
      LeaseLostError               another driver goes on with the session; let go of it
      StoreError                   the disk, the database, or what lies in it
        StoreUnavailableError
          StoreDamagedError            a part of the database file cannot be read
        SigningKeyError              the key that proofs are signed with cannot be used
        CorruptSessionError

Every message says what happened, where, and what to do next. What an agent may cause in the course
of normal work (a blocked attempt, a replay) is an outcome and lives in `outcomes`, not here.
"""

from enum import StrEnum


class WorkRailError(Exception):
    """Base of every failure the engine reports; never raised itself."""


class InvalidInputError(WorkRailError):
    """What the caller sent cannot be used; the message says what would be accepted."""


class InvalidDefinitionError(InvalidInputError):
    """A workflow definition is not valid; the message holds every problem, one a line."""


class TokenFault(StrEnum):
    """Why a token cannot be used."""

    EMPTY = "empty"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    CONCATENATED = "concatenated"
    TAMPERED = "tampered"
    FOREIGN_STORE = "foreign_store"
    WRONG_KIND = "wrong_kind"
    UNKNOWN = "unknown"


class InvalidTokenError(InvalidInputError):
    """A token cannot be used; `fault` says which way it is wrong."""

    def __init__(self, fault: TokenFault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class InvalidSubmissionError(InvalidInputError):
    """What an agent sent is malformed or over a limit; `field` names where."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class MissingContextError(InvalidInputError):
    """A loop cannot start because a context variable is absent or of the wrong type."""

    def __init__(self, variable: str, message: str) -> None:
        super().__init__(message)
        self.variable = variable


class InvalidSourceError(InvalidInputError):
    """An address, ref or name of a workflow source that cannot be used."""


class UntrustedWorkflowError(InvalidInputError):
    """The workflow comes from a source a person has not trusted as it is now."""


class StaleApprovalError(InvalidInputError):
    """An answer to something that no longer waits for approval, or has changed since."""


class InvalidProofError(InvalidInputError):
    """What was given as a bundle of proofs, or as a public key, is none."""


class InvalidForkError(InvalidInputError):
    """A session cannot be forked there, or its files cannot be put there; nothing was changed."""


class NotFoundError(WorkRailError):
    """What was asked for does not exist in this store or registry."""


class WorkflowNotFoundError(NotFoundError):
    """No workflow of this id; the message offers near misses."""


class SessionNotFoundError(NotFoundError):
    """No session of this id in this store."""


class ArtifactNotFoundError(NotFoundError):
    """No artifact of this digest in this store."""


class SourceNotFoundError(NotFoundError):
    """No added source of this name."""


class ProofNotFoundError(NotFoundError):
    """No proof of this id in this store."""


class SnapshotNotFoundError(NotFoundError):
    """The files of this point of a session were not kept."""


class SourceUnavailableError(WorkRailError):
    """A source, or the list of them, cannot be reached, read or kept; nothing was changed."""


class GivenUpError(WorkRailError):
    """Whoever asked no longer waits; what was under way was ended, and nothing was recorded."""


class ConflictError(WorkRailError):
    """Someone else wrote first, more than once; nothing of ours was kept. Try again."""


class LeaseLostError(WorkRailError):
    """The session is another driver's now; nothing of ours was kept, and nothing more will be."""


class StoreError(WorkRailError):
    """The store cannot do what was asked."""


class StoreUnavailableError(StoreError):
    """The database cannot be opened, read or written now; nothing was recorded."""


class StoreDamagedError(StoreUnavailableError):
    """A part of the database file cannot be read; what lies in other parts still can."""


class SigningKeyError(StoreError):
    """The key that proofs are signed with cannot be read or made; nothing was recorded."""


class CorruptSessionError(StoreError):
    """What is stored of one session contradicts itself; other sessions are not affected."""
