"""Reads SOQL: fields, parents, child queries, conditions, order, limit, offset and aggregates.

What the platform has beyond that (HAVING, ROLLUP, geolocation, WITH) is refused as malformed.
"""

from connector.sandbox.salesforce.refusals import Refusal, malformed
from connector.sandbox.salesforce.soql_tokens import Token, tokens
from connector.sandbox.salesforce.soql_tree import (
    Aggregate,
    Comparison,
    Condition,
    Fields,
    Junction,
    Negation,
    Order,
    Path,
    Select,
    TypeOf,
    Value,
)

LONGEST = 100_000
MOST_SUBQUERIES = 20
MOST_OFFSET = 2_000
RESERVED = frozenset({
    "select", "from", "where", "and", "or", "not", "in", "like", "order", "by", "limit", "offset",
    "group", "having", "null", "true", "false",
})  # fmt: skip
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"})
OPERATORS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def parse(soql: str) -> Select:
    """Return what a query says, or refuse it as malformed."""
    if len(soql) > LONGEST:
        raise malformed(f"SOQL statements cannot be longer than {LONGEST:,} characters")
    reader = _Reader(tokens(soql))
    select = reader.select()
    if reader.peek().kind != "end":
        raise reader.unexpected()
    if sum(isinstance(item, Select) for item in select.items) > MOST_SUBQUERIES:
        raise malformed(f"maximum {MOST_SUBQUERIES} subqueries are allowed")
    return select


def parse_condition(text: str) -> Condition:
    """Return what a condition says that stands alone, as in an admin's validation rule."""
    select = parse(f"SELECT Id FROM X WHERE {text}")  # noqa: S608 - our own language, in memory
    assert select.where is not None  # noqa: S101 - it was just written there
    return select.where


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def unexpected(self) -> Refusal:
        token = self.peek()
        return malformed(f"unexpected token: '{token.text}' at Row:1:Column:{token.at + 1}")

    def select(self) -> Select:
        self._word("SELECT")
        items = [self._item()]
        while self._takes(","):
            items.append(self._item())
        self._word("FROM")
        select = Select(items, self._source())
        if self.peek().kind == "word" and not self._at_clause():
            select.alias = self._name()
        self._clauses(select)
        return select

    def _clauses(self, select: Select) -> None:
        if self._takes_word("WHERE"):
            select.where = self._condition()
        if self._takes_word("GROUP"):
            self._word("BY")
            select.group_by = list(self._paths())
        if self._takes_word("ORDER"):
            self._word("BY")
            select.order_by = [self._order()]
            while self._takes(","):
                select.order_by.append(self._order())
        if self._takes_word("LIMIT"):
            select.limit = self._whole()
        if self._takes_word("OFFSET"):
            select.offset = self._offset()

    def _at_clause(self) -> bool:
        return self.peek().text.upper() in {"WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET"}

    def _item(self) -> "Path | Aggregate | Fields | TypeOf | Select":
        if self._takes("("):
            inner = self.select()
            self._sign(")")
            return inner
        if self.peek(1).kind == "word" and self._takes_word("TYPEOF"):
            return self._type_of()
        if self.peek(1).text == "(":
            return self._function()
        return self._path()

    def _function(self) -> Aggregate | Fields:
        name = self.peek().text.upper()
        if name not in AGGREGATES | {"FIELDS"}:
            raise self.unexpected()
        self._at += 2
        if name == "FIELDS":
            which = self._name().upper()
            self._sign(")")
            return Fields(which)
        path = None if name == "COUNT" and self.peek().text == ")" else self._path()
        self._sign(")")
        named = self.peek().kind == "word" and self.peek().text.upper() != "FROM"
        return Aggregate(name, path, self._name() if named else "")

    def _type_of(self) -> TypeOf:
        path, branches = self._path(), []
        while self._takes_word("WHEN"):
            kind = self._name()
            self._word("THEN")
            branches.append((kind, self._paths()))
        if not branches:
            raise self.unexpected()
        otherwise = self._paths() if self._takes_word("ELSE") else ()
        self._word("END")
        return TypeOf(path, tuple(branches), otherwise)

    def _condition(self) -> Condition:
        parts = [self._simple(first=True)]
        word = ""
        while self.peek().text.upper() in {"AND", "OR"} and self.peek().kind == "word":
            if word and self.peek().text.upper() != word:
                raise self.unexpected()  # AND and OR mix only with parentheses
            word = self.peek().text.upper()
            self._at += 1
            parts.append(self._simple(first=False))
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def _simple(self, *, first: bool) -> Condition:
        if first and self._takes_word("NOT"):
            return Negation(self._simple(first=True))
        if self._takes("("):
            inner = self._condition()
            self._sign(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._path()
        token = self.peek()
        if token.kind == "sign" and token.text in OPERATORS:
            self._at += 1
            return Comparison(path, OPERATORS[token.text], (self._value(),))
        if self._takes_word("LIKE"):
            return Comparison(path, "LIKE", (self._value(),))
        operator = "NOT IN" if self._takes_word("NOT") else "IN"
        self._word("IN")
        return Comparison(path, operator, self._set())

    def _set(self) -> "tuple[Value, ...] | Select":
        self._sign("(")
        if self.peek().text.upper() == "SELECT":
            inner = self.select()
            self._sign(")")
            return inner
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        self._sign(")")
        return tuple(values)

    def _value(self) -> Value:
        token = self.peek()
        self._at += 1
        if token.kind == "string":
            return Value("string", token.text[1:-1])
        if token.kind == "number":
            return Value("number", token.text)
        if token.kind == "datetime":
            return Value("datetime", token.text)
        if token.kind == "date":
            return Value("date", token.text)
        if token.kind in {"range", "word"}:
            return _worded(token.text, self._unexpected_before())
        raise self._unexpected_before()

    def _unexpected_before(self) -> Refusal:
        self._at -= 1
        refusal = self.unexpected()
        self._at += 1
        return refusal

    def _order(self) -> Order:
        path = self._path()
        descending = self._takes_word("DESC")
        if not descending:
            self._takes_word("ASC")
        nulls_last = False
        if self._takes_word("NULLS"):
            nulls_last = self.peek().text.upper() == "LAST"
            self._word("LAST" if nulls_last else "FIRST")
        return Order(path, descending, nulls_last)

    def _whole(self) -> int:
        token = self.peek()
        if token.kind != "number" or not token.text.isdecimal():
            raise self.unexpected()
        self._at += 1
        return int(token.text)

    def _offset(self) -> int:
        offset = self._whole()
        if offset > MOST_OFFSET:
            told = f"Maximum SOQL offset allowed is {MOST_OFFSET}"
            raise Refusal(400, "NUMBER_OUTSIDE_VALID_RANGE", told)
        return offset

    def _paths(self) -> tuple[Path, ...]:
        paths = [self._path()]
        while self._takes(","):
            paths.append(self._path())
        return tuple(paths)

    def _path(self) -> Path:
        return Path(tuple(self._name().split(".")))

    def _source(self) -> str:
        # An object may have the name of a keyword: `SELECT Id FROM Group`.
        if self.peek().text.lower() == "group":
            self._at += 1
            return "Group"
        return self._name()

    def _name(self) -> str:
        token = self.peek()
        if token.kind != "word" or token.text.lower() in RESERVED:
            raise self.unexpected()
        self._at += 1
        return token.text

    def _word(self, word: str) -> None:
        if not self._takes_word(word):
            raise self.unexpected()

    def _takes_word(self, word: str) -> bool:
        token = self.peek()
        taken = token.kind == "word" and token.text.upper() == word
        self._at += taken
        return taken

    def _sign(self, sign: str) -> None:
        if not self._takes(sign):
            raise self.unexpected()

    def _takes(self, sign: str) -> bool:
        token = self.peek()
        taken = token.kind == "sign" and token.text == sign
        self._at += taken
        return taken


def _worded(text: str, refusal: Refusal) -> Value:
    word = text.upper()
    if word == "NULL":
        return Value("null", "")
    if word in {"TRUE", "FALSE"}:
        return Value("boolean", word)
    if ":" not in word and "_" not in word and word not in {"TODAY", "YESTERDAY", "TOMORROW"}:
        raise refusal
    return Value("range", word)
