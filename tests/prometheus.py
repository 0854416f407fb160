"""What Prometheus makes of two scrapes: as much of its language as alerts and panels use."""

import math
import operator
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import promql_parser as promql
from prometheus_client.parser import text_string_to_metric_families

# Labels, the name among them, and a value.
Series = dict[frozenset[tuple[str, str]], float]
NAME = "__name__"
ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
COMPARISON = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def parsed(text: str) -> Series:
    """Return the series of a page of metrics."""
    return {
        frozenset({NAME: sample.name, **sample.labels}.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@dataclass
class Prometheus:
    """Two scrapes, `seconds` apart, the second at `now`."""

    before: Series
    after: Series
    seconds: float
    now: float

    def fires(self, expression: str) -> bool:
        """Tell whether an alert's expression has a result."""
        return bool(self.ask(expression))

    def ask(self, expression: str) -> Any:
        """Return the value: a number, or series; those without a value are left out."""
        return self._value(promql.parse(expression))

    def _value(self, node: Any) -> Any:
        return getattr(self, f"_{type(node).__name__}")(node)

    def _NumberLiteral(self, node: Any) -> float:  # noqa: N802 - the parser's names
        return float(node.val)

    def _ParenExpr(self, node: Any) -> Any:  # noqa: N802
        return self._value(node.expr)

    def _VectorSelector(self, node: Any) -> Series:  # noqa: N802
        return _selected(self.after, node)

    def _Call(self, node: Any) -> Any:  # noqa: N802
        return getattr(self, f"_{node.func.name}")(*node.args)

    def _AggregateExpr(self, node: Any) -> Series:  # noqa: N802
        kept = set(node.modifier.labels) if node.modifier else set()
        groups = defaultdict(list)
        for labels, value in self._value(node.expr).items():
            groups[frozenset(pair for pair in labels if pair[0] in kept)].append(value)
        combine = {"sum": sum, "min": min, "max": max}[str(node.op)]
        return {labels: combine(values) for labels, values in groups.items()}

    def _BinaryExpr(self, node: Any) -> Any:  # noqa: N802
        left, right = self._value(node.lhs), self._value(node.rhs)
        name = str(node.op)
        if name == "and":
            assert not node.modifier.matching.labels  # on()
            return left if right else {}
        if isinstance(left, float) and isinstance(right, float):
            return ARITHMETIC[name](left, right)
        results = {}
        for labels, one, other in _pairs(left, right):
            if name in COMPARISON:
                if COMPARISON[name](one, other):
                    results[labels] = one
            else:
                results[labels] = _calculated(name, one, other)
        return results

    def _time(self) -> float:
        return self.now

    def _rate(self, selector: Any) -> Series:
        return {labels: value / self.seconds for labels, value in self._increase(selector).items()}

    def _increase(self, selector: Any) -> Series:
        # A series that has only just appeared has no increase: Prometheus needs two samples.
        before = _selected(self.before, selector.vector_selector)
        after = _selected(self.after, selector.vector_selector)
        return {
            _unnamed(labels): value - before[labels]
            for labels, value in after.items()
            if labels in before
        }

    def _histogram_quantile(self, quantile: Any, buckets: Any) -> Series:
        groups: Any = defaultdict(list)
        for labels, count in self._value(buckets).items():
            (bound,) = (value for name, value in labels if name == "le")
            rest = frozenset(pair for pair in labels if pair[0] != "le")
            groups[rest].append((float(bound), count))
        found = {
            labels: _quantile(self._value(quantile), sorted(each))
            for labels, each in groups.items()
        }
        return {labels: value for labels, value in found.items() if not math.isnan(value)}


def _selected(series: Series, selector: Any) -> Series:
    return {
        labels: value
        for labels, value in series.items()
        if dict(labels)[NAME] == selector.name
        and all(_matches(each, dict(labels)) for each in selector.matchers.matchers)
    }


def _matches(matcher: Any, labels: dict[str, str]) -> bool:
    value = labels.get(matcher.name, "")
    return {
        "MatchOp.Equal": value == matcher.value,
        "MatchOp.NotEqual": value != matcher.value,
        "MatchOp.Re": bool(re.fullmatch(matcher.value, value)),
        "MatchOp.NotRe": not re.fullmatch(matcher.value, value),
    }[str(matcher.op)]


def _pairs(left: Any, right: Any) -> Any:
    if isinstance(right, float):
        return [(_unnamed(labels), value, right) for labels, value in left.items()]
    if isinstance(left, float):
        return [(_unnamed(labels), left, value) for labels, value in right.items()]
    return [(labels, left[labels], right[labels]) for labels in left if labels in right]


def _calculated(name: str, one: float, other: float) -> float:
    if name == "/" and other == 0:
        return math.nan if one == 0 else math.copysign(math.inf, one)
    return float(ARITHMETIC[name](one, other))


def _unnamed(labels: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset(pair for pair in labels if pair[0] != NAME)


def _quantile(quantile: float, buckets: list[tuple[float, float]]) -> float:
    total = buckets[-1][1]
    if total == 0:
        return math.nan
    low, passed = 0.0, 0.0
    for bound, count in buckets:
        if count >= quantile * total:
            if math.isinf(bound):
                return low
            share = (quantile * total - passed) / (count - passed) if count > passed else 1.0
            return low + (bound - low) * share
        low, passed = bound, count
    return low
