"""Do the proofs that are stored of a session hold, and what goes into a file of them?"""

from collections.abc import Sequence

from workrail_engine.errors import InvalidProofError
from workrail_engine.ids import SessionId
from workrail_engine.projections.bundle import Bundle
from workrail_engine.projections.proofs import ProofLine, ShownProof
from workrail_engine.proofs.claims import short
from workrail_engine.proofs.envelope import digest_of, key_id_of, opened, unverified
from workrail_engine.proofs.judging import judge, needs_proof
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.proofs.public_key import PublicKey
from workrail_engine.store import contents, positions
from workrail_engine.store.database import Database
from workrail_engine.store.proofs import proofs_of, trail
from workrail_engine.store.verify import logged_of


def bundle_of(database: Database, session_id: SessionId, keys: Sequence[PublicKey]) -> Bundle:
    """Everything stored of a session that a file of its proofs holds, as it is stored.

    Raises:
        SessionNotFoundError: no such session.
    """
    with database.reading() as connection:
        head = positions.head(connection, session_id)
        document = contents.pinned(connection, head.workflow_hash)
        links = tuple(logged_of(connection, session_id))
        envelopes = tuple(proof.envelope for proof in proofs_of(connection, session_id))
    return Bundle(
        session_id=session_id,
        head=head.head_hash,
        keys=_used(envelopes, keys),
        workflow=None if document is None else document.decode("utf-8", "replace"),
        links=links,
        envelopes=envelopes,
    )


def proof_problems(database: Database, session_id: SessionId, keys: KeyRing) -> tuple[str, ...]:
    """What is wrong with the stored proofs of a session; each names its proof.

    Raises:
        SessionNotFoundError: no such session.
        SigningKeyError: the folder of keys cannot be read.
    """
    known = keys.known()
    bundle = bundle_of(database, session_id, known)
    with database.reading() as connection:
        rows = proofs_of(connection, session_id)
        unproved = trail(connection, session_id).unproved
    if not rows and not any(link.seq > unproved and needs_proof(link) for link in bundle.links):
        return ()
    changed = tuple(
        f"the row of proof {place} ({short(row.digest)}) is not that of its envelope"
        for place, row in enumerate(rows, start=1)
        if digest_of(row.envelope) != row.digest
    )
    return (*changed, *judge(bundle, known, unproved).problems)


def shown_proof(line: ProofLine, envelope: str, keys: KeyRing) -> ShownProof:
    """A stored proof, and whether its signature holds.

    Raises:
        InvalidProofError: what is stored is no envelope.
        SigningKeyError: the folder of keys cannot be read.
    """
    known = {key.key_id: key for key in keys.known()}
    try:
        signed = opened(envelope, known)
    except InvalidProofError as error:
        return ShownProof(line, unverified(envelope), envelope, str(error), None)
    return ShownProof(line, signed.statement, envelope, None, signed.key.text)


def _used(envelopes: Sequence[str], keys: Sequence[PublicKey]) -> tuple[str, ...]:
    """The public keys that envelopes are signed with, as far as they are known."""
    named: set[str] = set()
    for envelope in envelopes:
        try:
            named.add(key_id_of(envelope))
        except InvalidProofError:
            continue
    return tuple(sorted(key.text for key in keys if key.key_id in named))
