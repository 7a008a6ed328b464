"""One text of an expression: what it may hold as a whole, Python's reading of it, and errors that point into it."""

import ast
import re
from dataclasses import dataclass

from common.errors import ExpressionError
from common.factors.foreign import instead_of_sign

MAX_LENGTH = 10_000
MAX_DEPTH = 100

_MEANINGLESS = frozenset("\"'\\;#@$?:{}[]`~^&|\0")
_NUMBER_LIKE = re.compile(r"(?<![\w.])(\d|\.\d)[\w.]*")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE]\d*)?")


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and what it is as errors call it: "factor 'calm'", "the label", "" for an expression alone."""

    text: str
    who: str

    def tree(self) -> ast.expr:
        """Check the text as a whole and let Python read it."""
        if not self.text.strip():
            raise self.error("is empty", 1)
        if len(self.text) > MAX_LENGTH:
            raise self.error(f"has {len(self.text)} characters; at most {MAX_LENGTH} are allowed", MAX_LENGTH + 1)
        if not self.text.isascii():
            odd = next(i for i, letter in enumerate(self.text) if not letter.isascii())
            raise self.error(f"holds {self.text[odd]!r}, which is not ASCII", odd + 1)
        for odd, letter in enumerate(self.text):
            if letter in _MEANINGLESS:
                raise self.error(f"holds {letter!r}, which has no meaning here{instead_of_sign(letter)}", odd + 1)
        # Python would read 1_0, 0x10 and 1j, and warn about 1if.
        for each in _NUMBER_LIKE.finditer(self.text):
            if not _NUMBER.fullmatch(each[0]):
                raise self.error(f"holds {each[0]!r}, which is not a number", each.start() + 1)
        try:
            found = ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            raise self._unreadable(error) from None
        except (ValueError, RecursionError, MemoryError):
            raise self.error("is nested too deeply", 1) from None
        self._limit_depth(found)
        return found

    def _unreadable(self, error: SyntaxError) -> ExpressionError:
        """Say what Python says, and more where it stands at a sign that others have."""
        at = self._at(error.lineno or 1, error.offset or 0)
        sign = self.text[at - 1 : at]
        hint = "; write == to compare" if sign == "=" else instead_of_sign(sign)
        return self.error(f"cannot be read: {error.msg}{hint}", at)

    def _limit_depth(self, tree: ast.expr) -> None:
        level: list[ast.expr] = [tree]
        for _ in range(MAX_DEPTH):
            level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            if not level:
                return
        raise self.error(f"is nested deeper than {MAX_DEPTH} levels", self.position(level[0]))

    def position(self, node: ast.expr) -> int:
        """Return where a node begins, 1 for the first character."""
        return self._at(node.lineno, node.col_offset + 1)

    def _at(self, line: int, column: int) -> int:
        """Return the position in the whole text; Python gives column 0 for an early end."""
        before = sum(len(each) + 1 for each in self.text.split("\n")[: line - 1])
        return before + column if column else len(self.text) + 1

    def error(self, what: str, position: int) -> ExpressionError:
        """Make the error that says who, what and where."""
        shown = self.text if len(self.text) <= 200 else f"{self.text[:200]}..."
        return ExpressionError(f"{self.who or 'the expression'} {what} (position {position} of {shown!r})")
