"""How a check, a hint or a solution looks: one card, readable without its colors and in any theme."""

from html import escape

from pygments import lex
from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Number, Operator, String

# icon, words, color: the icon and the words alone tell what happened.
LOOKS = {
    "right": ("✓", "Right", "var(--jp-success-color1, #388e3c)"),
    "wrong": ("✗", "Not yet", "var(--jp-warn-color1, #f57c00)"),
    "error": ("!", "Stopped by an error", "var(--jp-error-color1, #d32f2f)"),
    "not attempted": ("○", "Not attempted yet", "var(--jp-border-color0, #888)"),
    "hint": ("→", "Hint", "var(--jp-info-color1, #1976d2)"),
    "solution": ("≡", "One solution", "var(--jp-info-color1, #1976d2)"),
}
CODE_COLORS = {
    Keyword: "var(--jp-mirror-editor-keyword-color, #008000)",
    Operator.Word: "var(--jp-mirror-editor-keyword-color, #008000)",
    Number: "var(--jp-mirror-editor-number-color, #080)",
    String: "var(--jp-mirror-editor-string-color, #ba2121)",
    Comment: "var(--jp-content-font-color2, #555)",
}
PRE = (
    "margin:2px 0 0;padding:4px 8px;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;"
    "font-family:var(--jp-code-font-family, monospace);font-size:var(--jp-code-font-size, 13px);"
    "background:var(--jp-cell-editor-background, #f5f5f5);color:var(--jp-content-font-color1, #212121)"
)


class Card:
    """Something to read, as plain text and as HTML.

    Args:
        look: a key of `LOOKS`.
        name: what it is about, such as the name of the exercise.
        title: follows the name; the words of the look without it.
        text: the main sentence.
        blocks: (label, preformatted text) shown under the sentence; a block labeled "code" is highlighted.
        footer: one more sentence, less prominent.
    """

    def __init__(self, look, name, title="", text="", blocks=(), footer=""):
        self.look, self.name, self.title = look, name, title or LOOKS[look][1]
        self.text, self.blocks, self.footer = text, tuple(blocks), footer

    def __repr__(self):
        lines = [f"{self.name}: {self.title[0].lower()}{self.title[1:]}"]
        lines += [self.text] * bool(self.text)
        for label, content in self.blocks:
            lines += [content] if label == "code" else [f"{label}:", _indent(content)]
        return "\n".join(lines + [self.footer] * bool(self.footer))

    def _repr_html_(self):
        icon, _, color = LOOKS[self.look]
        head = (
            f'<div><span aria-hidden="true" style="color:{color};font-weight:bold">{icon}</span> '
            f"<strong>{escape(self.title)}</strong> · <code>{escape(self.name)}</code></div>"
        )
        text = f'<div style="margin-top:4px">{escape(self.text)}</div>' if self.text else ""
        blocks = "".join(_block(label, content) for label, content in self.blocks)
        faint = "margin-top:6px;color:var(--jp-content-font-color2, #555)"
        footer = f'<div style="{faint}">{escape(self.footer)}</div>' if self.footer else ""
        return (
            f'<div role="status" style="border-left:4px solid {color};padding:6px 12px;margin:4px 0;'
            f'max-width:50em">{head}{text}{blocks}{footer}</div>'
        )


def _indent(text):
    return "\n".join(f"    {line}" for line in text.splitlines())


def _block(label, content):
    if label == "code":
        return f'<pre style="{PRE}">{highlight(content)}</pre>'
    return f'<div style="margin-top:6px">{escape(label)}</div><pre style="{PRE}">{escape(content)}</pre>'


def highlight(code):
    """Python source as HTML in the colors of the editor's theme.

    Args:
        code: Python source.

    Returns:
        HTML to stand inside <pre>.
    """
    parts = []
    for token, text in lex(code, PythonLexer()):
        color = next((color for family, color in CODE_COLORS.items() if token in family), None)
        parts.append(f'<span style="color:{color}">{escape(text)}</span>' if color else escape(text))
    return "".join(parts).rstrip("\n")
