"""A figure over time as an SVG file, of nothing but the standard library."""
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 260, 70, 40, 30
COLOURS = ("#1b6ca8", "#c0392b", "#2e8b57")


def ticks(low, high, count=5):
    """Round numbers that span both."""
    span = (high - low) or abs(high) or 1
    step = 10 ** (len(str(int(span / count))) - 1) if span >= count else 10.0 ** -len(str(int(count / span)))
    step *= next(m for m in (1, 2, 5, 10, 20, 50, 100) if span / (step * m) <= count)
    first = step * (low // step)
    return [first + step * i for i in range(int((high - first) / step) + 2)]


def text(x, y, words, anchor="middle"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def svg(title, unit, seconds, lines):
    """`lines`: name -> a figure for each of `seconds`."""
    values = [v for line in lines.values() for v in line]
    marks, times = ticks(min(0, *values), max(values)), ticks(0, seconds[-1])
    right, low, high, until = WIDTH - 20, marks[0], marks[-1], times[-1]
    x = lambda second: LEFT + (right - LEFT) * second / until
    y = lambda value: HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - low) / (high - low)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', text(LEFT, 18, f"{title}, {unit}", "start")]
    for mark in marks:
        out.append(f'<line x1="{LEFT}" x2="{right}" y1="{y(mark):.1f}" y2="{y(mark):.1f}" stroke="#ddd"/>')
        out.append(text(LEFT - 6, y(mark) + 4, f"{mark:g}", "end"))
    out += [text(x(mark), HEIGHT - BOTTOM + 18, f"{mark:g} s") for mark in times]
    for number, (name, line) in enumerate(lines.items()):
        points = " ".join(f"{x(s):.1f},{y(v):.1f}" for s, v in zip(seconds, line))
        colour = COLOURS[number % len(COLOURS)]
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out.append(f'<g fill="{colour}">{text(right - 90 * number, 18, name, "end")}</g>')
    return "\n".join([*out, "</svg>"]) + "\n"
