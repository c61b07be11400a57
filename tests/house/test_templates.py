"""Templates that others import are evaluated once, in whichever language comes first: only macros say words."""

import re

from hallway.web.templating import TEMPLATES

_IMPORTED = re.compile(r'\{%-?\s*(?:import|from)\s+"([^"]+)"')
_MACRO = re.compile(r"\{%-?\s*macro.*?endmacro\s*-?%\}", re.DOTALL)
_WORDS = re.compile(r"\b_\(|\{%-?\s*trans\b|\|\s*(?:translated|number|instant|day|since)\b")


def test_imported_templates_say_words_in_macros_only() -> None:
    imported = {name for file in TEMPLATES.rglob("*.html") for name in _IMPORTED.findall(file.read_text("utf-8"))}
    assert "components.html" in imported
    spoken = [name for name in imported if _WORDS.search(_MACRO.sub("", (TEMPLATES / name).read_text("utf-8")))]
    assert spoken == []
