"""Everything the processes and the research side raise.

PipelineError
├── ConfigError        a configuration file or value; names file, key, value and what is allowed
├── BarFileError       a file of bars that cannot be used as a whole
├── JournalError       a journal that cannot be opened, or is corrupt
│   ├── ForgottenError     it begins after the bar that was asked for
│   └── NoRoomError        the disk is full; nothing was recorded, and the same may be tried again
├── ExchangeError      an exchange that refused, could not be reached, or does not exist
├── SignalFileError    a file of signals that cannot be used
├── LockError          another process holds the identity
├── CommandError       a command that was refused, or of which nothing was heard
├── LabError           something in a research folder that is not there, or cannot be put there
├── SnapshotError      a saved state that cannot be gone on from; the cure is to start cold
├── FactorError        a factor set that cannot be compiled
│   └── ExpressionError    one text in it, with the position
├── DatasetError       spans, members or rows that no dataset can be made of
│   └── ExportError        what was exported from elsewhere cannot be taken over
└── ModelError         a model that cannot be used
    ├── TooFewRowsError    history that is too short to train on
    ├── BundleError        a bundle that is not what its name says
    └── RegistryError      an unknown name, version or alias, or a refused change
        ├── NotOnRecordError   no registry, or no alias in it: people have yet to put something on record
        ├── RegistryBusyError  another process is writing
        └── RegistryRowError   a row that its tables do not allow
"""

from alphabus.errors import AlphabusError


class PipelineError(AlphabusError):
    """Root of every error raised on purpose by the pipeline."""


class ConfigError(PipelineError):
    """A configuration file or value is wrong: exit status 2, before anything is bound."""


class BarFileError(PipelineError):
    """A file of bars cannot be used as a whole; single bad rows are refused, not raised."""


class ExchangeError(PipelineError):
    """An exchange refused, could not be reached, or does not exist; what came before is saved."""


class SignalFileError(PipelineError):
    """A file of signals cannot be used as a whole."""


class JournalError(PipelineError):
    """The journal cannot be opened, or is corrupt."""


class DamagedJournalError(JournalError):
    """Records in the middle of a journal are not what was written: people are to decide what becomes of it."""


class ForgottenError(JournalError, LookupError):
    """The journal begins after the bar that was asked for."""


class NoRoomError(JournalError):
    """The disk is full: nothing was recorded, and the same record may be tried again once there is space."""


class LockError(PipelineError):
    """Another process holds this identity."""


class CommandError(PipelineError):
    """A command was refused, or nothing was heard of it."""


class LabError(PipelineError):
    """Something in a research folder that is not there, or cannot be put there."""


class SnapshotError(PipelineError):
    """A saved state is damaged, or of another plan, platform or record: start cold instead."""


class FactorError(PipelineError):
    """The factor set cannot be compiled."""


class ExpressionError(FactorError):
    """One factor text is wrong; the message carries the text and the position."""


class DatasetError(PipelineError):
    """Spans, members or rows that no dataset can be made of; nothing was written."""


class ExportError(DatasetError):
    """What was exported from elsewhere is damaged, incomplete, or has no counterpart here."""


class ModelError(PipelineError):
    """The model cannot be used."""


class TooFewRowsError(ModelError):
    """History is too short, or too thin, to train on."""


class BundleError(ModelError):
    """The bundle is not what its name says."""


class RegistryError(ModelError):
    """Unknown name, version or alias, or a refused change."""


class NotOnRecordError(RegistryError):
    """There is no registry, or no alias in it that says what to serve: people have yet to put something on record."""


class RegistryBusyError(RegistryError):
    """Another process is writing; nothing was changed, try again."""


class RegistryRowError(RegistryError):
    """A row that the registry's tables do not allow, now or later, such as of a version that never was."""
