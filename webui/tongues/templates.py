"""Templates that are compiled once for each language: what is fixed in them is said in it, and costs nothing to say.

`{% trans %}` is Jinja's own, and holds markup; `_("text")` in an expression is text, and is escaped like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from html import escape
from typing import Any, Final

from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.ext import InternationalizationExtension
from jinja2.visitor import NodeTransformer

from webui.tongues.speaking import catalogue, language

_VALUE: Final = re.compile(r"%\((\w+)\)s|%%")


class Templates(Environment):
    """The templates of an application, each in the language of whoever asks for it."""

    #: The language of all templates of this environment; None for that of the application, which is in none.
    language: str | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.add_extension(Trans)
        self.globals["plural_form"] = plural_form
        self._spoken: dict[str, Templates] = {}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,
    ) -> Template:
        """Return a template; what it includes and imports is in its own language."""
        if self.language is None:
            return self._in(language()).get_template(name, parent, globals)
        return super().get_template(name, parent, globals)

    def _in(self, language: str) -> Templates:
        found = self._spoken.get(language)
        if found is None:
            found = self.overlay()
            found.language = language
            self._spoken[language] = found
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Read a template, with what is fixed in it said."""
        template = super()._parse(source, name, filename)
        Saying(self.language or "en").visit(template)
        return template


class Saying(NodeTransformer):
    """Puts what stands for it in place of each `_("text")`."""

    def __init__(self, language: str) -> None:
        self._language = language

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """Write the parts of a text one by one, as they would stand in a template of one language."""
        node.nodes = [_written(part) for each in node.nodes for part in self._texts(each)]
        self.generic_visit(node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        """Say a text elsewhere: as an argument, in a list."""
        parts = self._texts(node)
        if parts == [node]:
            self.generic_visit(node)
            return node
        return parts[0] if len(parts) == 1 else self.visit(nodes.Concat(parts, lineno=node.lineno))

    def _texts(self, node: nodes.Expr) -> list[nodes.Expr]:
        """Return the parts of a text that is fixed; anything else is one part."""
        match node:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(text))], kwargs=values):
                said = _said(self._language, text)
                return (
                    _parts(said, {each.key: each.value for each in values}) if values else [nodes.Const(said)]
                )
            case _:
                return [node]


def _written(part: nodes.Expr) -> nodes.Expr:
    """Return a text as it is written in a page: an apostrophe is one there too."""
    match part:
        case nodes.Const(value=str(text)):
            return nodes.MarkSafeIfAutoescape(nodes.Const(escape(text, quote=False).replace('"', "&quot;")))
        case _:
            return part


class Trans(InternationalizationExtension):
    """Jinja's `{% trans %}`, said when the template is compiled."""

    def _make_node(
        self,
        singular: str,
        plural: str | None,
        context: str | None,
        variables: dict[str, nodes.Expr],
        plural_expr: nodes.Expr | None,
        vars_referenced: bool,
        num_called_num: bool,
    ) -> nodes.Output:
        """Return what is written for a block: its text, or the one of its texts that fits the number."""
        tongue = getattr(self.environment, "language", None) or "en"
        if plural is None or plural_expr is None:
            # Gathered with the sign as it is read, where no value is filled in.
            text = singular if vars_referenced else singular.replace("%%", "%")
            return nodes.Output(_markup(_said(tongue, text), variables if vars_referenced else {}))
        *others, last = (nodes.Concat(_markup(text, variables)) for text in _forms(tongue, singular, plural))
        chosen: nodes.Expr = last
        for place, each in reversed(list(enumerate(others))):
            form = nodes.Call(
                nodes.Name("plural_form", "load"), [nodes.Const(tongue), plural_expr], [], None, None
            )
            test = nodes.Compare(form, [nodes.Operand("eq", nodes.Const(place))])
            chosen = nodes.CondExpr(test, each, chosen)
        return nodes.Output([chosen])


def _markup(text: str, values: Mapping[str, nodes.Expr]) -> list[nodes.Expr]:
    """Return the parts of a text that is markup; what is filled in is escaped."""
    parts = _parts(text, values) if values else [nodes.Const(text)]
    return [nodes.MarkSafeIfAutoescape(each) if isinstance(each, nodes.Const) else each for each in parts]


def _parts(text: str, values: Mapping[str, nodes.Expr]) -> list[nodes.Expr]:
    """Return the fixed parts of a text, and what stands between them."""
    parts: list[nodes.Expr] = []
    start = 0
    for found in _VALUE.finditer(text):
        parts.append(nodes.Const(text[start : found.start()]))
        parts.append(values[found[1]] if found[1] else nodes.Const("%"))
        start = found.end()
    parts.append(nodes.Const(text[start:]))
    return [each for each in parts if not (isinstance(each, nodes.Const) and each.value == "")]


def plural_form(language: str, count: int) -> int:
    """Return which of its plural forms a language has for so many."""
    known = catalogue(language)
    return known.plural_form(count) if known else int(count != 1)


def _said(language: str, text: str) -> str:
    known = catalogue(language)
    return known.gettext(text) if known else text


def _forms(language: str, one: str, many: str) -> tuple[str, ...]:
    known = catalogue(language)
    return known.all_forms(one, many) if known else (one, many)
