"""Cost of a decision over rules, log-log, as an SVG that needs nothing else and can be read on dark and on light.

One picture for each way to decide; a colour for each kind of rule; ours is drawn whole, Debian's dashed."""
import html
import math

WIDTH, HEIGHT = 460, 330                 # of a picture
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 34, 42  # around its field
LEGEND = 26
COLUMNS = 2
COLOURS = {"addresses": "#3b82f6", "prefixes": "#10a37f", "list": "#d97706", "suffixes": "#a855f7",
           "mix": "#dc4c64", "ipv6": "#7c8b1f"}
MODES = {"resident": "Resident, warm", "edited": "Resident, after an edit beside",
         "image": "A process for each, with an image", "oneshot": "A process for each, without an image"}
WHO = ("Debian", "ours")  # ours above
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px }
.grid { stroke: #24292f; stroke-opacity: .15 }
.line { fill: none; stroke-width: 2 }
.theirs { stroke-dasharray: 5 4; stroke-width: 1.5 }
.key { stroke: #24292f }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.grid, .key { stroke: #e6edf3 }
}
"""


def number(rules):
    for unit, factor in (("M", 10 ** 6), ("k", 10 ** 3)):
        if rules >= factor:
            return f"{rules // factor}{unit}"
    return str(rules)


def duration(ns):
    for unit, factor in (("s", 10 ** 9), ("ms", 10 ** 6), ("µs", 10 ** 3)):
        if ns >= factor:
            return f"{ns // factor:g} {unit}"
    return f"{ns:g} ns"


class Field:
    """Where figures are in a picture."""

    def __init__(self, left, top, rules, costs):
        self.left, self.top = left + LEFT, top + TOP
        self.width, self.height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        self.rules = [math.log10(rule) for rule in (min(rules), max(rules))]
        self.costs = [math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))]

    def x(self, rules):
        low, high = self.rules
        return self.left + self.width * (math.log10(rules) - low) / max(high - low, 1)

    def y(self, cost):
        low, high = self.costs
        return self.top + self.height * (1 - (math.log10(cost) - low) / max(high - low, 1))

    def grid(self, title):
        low, high = self.costs
        yield f'<text class="title" x="{self.left}" y="{self.top - 14}">{html.escape(title)}</text>'
        for power in range(low, high + 1):
            y = self.y(10 ** power)
            yield f'<line class="grid" x1="{self.left}" x2="{self.left + self.width}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text x="{self.left - 6}" y="{y + 4:.1f}" text-anchor="end">{duration(10 ** power)}</text>'
        for power in range(math.ceil(self.rules[0]), math.floor(self.rules[1]) + 1):
            x = self.x(10 ** power)
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{self.top}" y2="{self.top + self.height}"/>'
            yield (f'<text x="{x:.1f}" y="{self.top + self.height + 17}" text-anchor="middle">'
                   f'{number(10 ** power)}</text>')
        yield (f'<text x="{self.left + self.width / 2:.1f}" y="{self.top + self.height + 34}" '
               'text-anchor="middle">rules</text>')

    def curve(self, kind, who, points):
        path = " ".join(f"{'L' if i else 'M'}{self.x(rules):.1f} {self.y(cost):.1f}"
                        for i, (rules, cost) in enumerate(points))
        theirs = "" if who == "ours" else " theirs"
        return (f'<path class="line{theirs}" stroke="{COLOURS[kind]}" d="{path}"><title>'
                f'{html.escape(f"{kind}, {who}")}</title></path>')


def legend(kinds, top):
    x = LEFT
    for kind in kinds:
        yield f'<line class="line" stroke="{COLOURS[kind]}" x1="{x}" x2="{x + 22}" y1="{top}" y2="{top}"/>'
        yield f'<text x="{x + 28}" y="{top + 4}">{kind}</text>'
        x += 110
    for name, extra in (("ours", ""), ("Debian's", " theirs")):
        yield f'<line class="line key{extra}" x1="{x}" x2="{x + 22}" y1="{top}" y2="{top}"/>'
        yield f'<text x="{x + 28}" y="{top + 4}">{name}</text>'
        x += 90


def svg(cells, place="none"):
    """Of a client that no rule matches: every rule counts for him."""
    found = [c for c in cells if c.who in WHO and c.client == place and c.what in MODES and c.rules > 0]
    modes = [mode for mode in MODES if any(c.what == mode for c in found)]
    kinds = [kind for kind in COLOURS if any(c.kind == kind for c in found)]
    width, height = WIDTH * COLUMNS, HEIGHT * -(-len(modes) // COLUMNS) + LEGEND
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
             f'height="{height}" role="img" aria-label="Cost of a decision over rules"><style>{STYLE}</style>']
    for i, mode in enumerate(modes):
        of_mode = [c for c in found if c.what == mode]
        field = Field(i % COLUMNS * WIDTH, i // COLUMNS * HEIGHT, [c.rules for c in of_mode], [c.value for c in found])
        parts += field.grid(MODES[mode])
        for kind in kinds:
            for who in WHO:
                points = sorted((c.rules, c.value) for c in of_mode if (c.kind, c.who) == (kind, who))
                if points:
                    parts.append(field.curve(kind, who, points))
    parts += legend(kinds, height - LEGEND / 2)
    return "\n".join(parts) + "\n</svg>\n"
