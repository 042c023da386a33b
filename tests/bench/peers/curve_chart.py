"""Curves with bands as an SVG, with nothing but the standard library."""

WIDTH, HEIGHT = 420, 260
LEFT, RIGHT, TOP, BOTTOM = 42, 12, 28, 36


class Panel:
    """Places points of [0, right] x [0, top] in one panel of the picture."""

    def __init__(self, number, right, top):
        self.x = number * WIDTH
        self.right, self.top = right, top

    def place(self, x, y):
        px = self.x + LEFT + x / self.right * (WIDTH - LEFT - RIGHT)
        return f"{px:.1f},{HEIGHT - BOTTOM - y / self.top * (HEIGHT - TOP - BOTTOM):.1f}"

    def frame(self, title, label):
        parts = [f'<text x="{self.x + LEFT}" y="16" font-weight="600">{title}</text>']
        for i in range(6):
            y = float(self.place(0, self.top * i / 5).split(",")[1])
            parts.append(f'<line x1="{self.x + LEFT}" x2="{self.x + WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="#8884"/>')
            parts.append(f'<text x="{self.x + LEFT - 4}" y="{y + 4}" text-anchor="end">{self.top * i / 5:.2g}</text>')
        parts.append(f'<text x="{self.x + LEFT}" y="{HEIGHT - BOTTOM + 14}">0</text>')
        end = self.x + WIDTH - RIGHT
        parts.append(f'<text x="{end}" y="{HEIGHT - BOTTOM + 14}" text-anchor="end">{self.right:.4g} {label}</text>')
        return "".join(parts)

    def curve(self, colour, points):
        """points: [(x, mean, deviation)]"""
        upper = [self.place(x, min(self.top, mean + deviation)) for x, mean, deviation in points]
        lower = [self.place(x, max(0, mean - deviation)) for x, mean, deviation in points]
        band = f'<polygon fill="{colour}" fill-opacity="0.15" points="{" ".join(upper + lower[::-1])}"/>'
        line = " ".join(self.place(x, mean) for x, mean, _ in points)
        return band + f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" points="{line}"/>'


def write_chart(path, panels, legend):
    """panels: [(title, label of x, {name: points})] · legend: {name: colour}"""
    body = ""
    for number, (title, label, curves) in enumerate(panels):
        right = max(x for points in curves.values() for x, _, _ in points)
        panel = Panel(number, right, 1.0)
        body += panel.frame(title, label)
        body += "".join(panel.curve(legend[name], points) for name, points in curves.items())
    for i, (name, colour) in enumerate(legend.items()):
        x = LEFT + 130 * i
        body += f'<rect x="{x}" y="{HEIGHT - 12}" width="10" height="4" fill="{colour}"/>'
        body += f'<text x="{x + 14}" y="{HEIGHT - 6}">{name}</text>'
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(panels)} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="#777">{body}</svg>\n',
        encoding="utf-8",
    )
