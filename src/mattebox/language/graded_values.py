"""Values of graded words: a step more or less, a number in the grade's unit, the end of a range."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mattebox.language.anchors import Anchor
from mattebox.language.concepts import Concept, Grade, Value
from mattebox.language.errors import WordsNotUnderstood
from mattebox.language.meanings import Complete, Degree, Gradation, Noun, Number
from mattebox.recipe.flat_parameters import Parameter, base_type, parameters_by_name

STOPS_UNIT = "stop"


def graded_value(anchor: Anchor, meaning: Noun | Gradation, grade: Grade, current: Mapping[str, Value]) -> Value:
    """The value of a graded parameter; only a number can be out of its range. WordsNotUnderstood if nothing changes."""
    parameter = parameters_by_name()[grade.parameter]
    sign = meaning.direction if isinstance(meaning, Gradation) else 1
    directions = anchor.signs
    if anchor.is_negated:
        directions = [*directions, -1]
    for direction in directions:
        sign *= direction
    numbers = [m for m in anchor.find(Number) if isinstance(m, Number)]
    if len(numbers) > 1:
        raise WordsNotUnderstood('"{words}" has two numbers', "give one; nothing was done", words=anchor.text)
    if numbers and isinstance(meaning, Noun) and not directions:
        return convert_value(parameter, _amount(numbers[0], grade))
    if anchor.find(Complete):
        return _complete_value(anchor, parameter, sign, grade)
    factor = math.prod(m.factor for m in anchor.find(Degree) if isinstance(m, Degree))
    step = abs(_amount(numbers[0], grade)) if numbers else grade.step * factor
    before = float(current.get(grade.parameter, parameter.default))
    start = grade.initial if before == parameter.default else before
    wanted = start + sign * step
    value = convert_value(parameter, wanted if numbers else _clip(parameter, wanted))
    if value == convert_value(parameter, before):
        raise WordsNotUnderstood(
            '"{words}" changes nothing: {name} is {value} already',
            "leave it out, or say the opposite",
            words=anchor.text,
            name=grade.parameter,
            value=value,
        )
    return value


def _complete_value(anchor: Anchor, parameter: Parameter, sign: int, grade: Grade) -> Value:
    """The end of the parameter's range. WordsNotUnderstood where nobody wants that, as of brightness."""
    if sign != grade.complete:
        raise WordsNotUnderstood(
            '"{words}" does not say how much', "give a number, or say much or a bit", words=anchor.text
        )
    return convert_value(parameter, _clip(parameter, math.copysign(math.inf, sign)))


def _amount(number: Number, grade: Grade) -> float:
    """A number in the grade's unit; percent of brightness and how many times as stops."""
    if number.unit == "x" and grade.unit == STOPS_UNIT:
        return math.log2(max(number.value, 0.01))
    if number.unit == "%" and grade.unit == STOPS_UNIT:
        return math.log2(max(1 + number.value / 100, 0.01))
    return number.value


def scale_value(name: str, value: Value, factor: float, concept: Concept) -> Value:
    """A number as far from its default as a word of degree says; other values as the concept has them."""
    parameter = parameters_by_name().get(name)
    if factor == 1 or parameter is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return (concept.weaker if factor < 1 else concept.stronger).get(value, value)
    return convert_value(parameter, _clip(parameter, parameter.default + (value - parameter.default) * factor))


def convert_value(parameter: Parameter, value: float | str) -> Value:
    kind = type(base_type(parameter)).__name__
    if kind == "IntType":
        return math.floor(abs(float(value)) + 0.5) * (-1 if float(value) < 0 else 1)
    if kind == "FloatType":
        return round(float(value), 2)
    return value if isinstance(value, str) else f"{round(value, 2):.10g}"


def _clip(parameter: Parameter, value: float) -> float:
    """The value within the parameter's range."""
    info = base_type(parameter)
    low, high = getattr(info, "ge", None), getattr(info, "le", None)
    return min(max(value, -math.inf if low is None else low), math.inf if high is None else high)
