"""The languages of the pages.

What people read is written in English, in place, and is its own key in the catalogues (`catalogues/de.po`): marked by
`_()` and `{% trans %}` in templates, by `gettext`, `ngettext` and `marked` in Python, by `spoken` in TypeScript.
`tools/strings` gathers what is marked. The API, the logs and the command line speak English alone.
"""

from __future__ import annotations
