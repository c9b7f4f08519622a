package report

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// canvas draws an SVG picture that is readable on light and on dark pages. Lengths are in pixels
// from the top left corner.
type canvas struct {
	width, height float64
	body          strings.Builder
}

// style has the colours for both. A viewer without colour schemes uses the light ones. The two
// series also differ in shape.
const style = `<style>
text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.paper { fill: #ffffff }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.axis { stroke: #59636e; stroke-width: 1 }
.limit { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 5 4 }
.line1 { stroke: #0969da; stroke-width: 2.5; fill: none } .fill1 { fill: #0969da }
.line2 { stroke: #bc4c00; stroke-width: 2.5; fill: none } .fill2 { fill: #bc4c00 }
.dashed { stroke-dasharray: 7 5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.paper { fill: #0d1117 }
.grid { stroke: #30363d }
.axis { stroke: #9198a1 }
.limit { stroke: #f85149 }
.line1 { stroke: #58a6ff } .fill1 { fill: #58a6ff }
.line2 { stroke: #f0883e } .fill2 { fill: #f0883e }
}
</style>
`

func newCanvas(width, height float64) *canvas { return &canvas{width: width, height: height} }

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.body, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, x1, y1, x2, y2)
}

// path draws a line through points.
func (c *canvas) path(class string, points [][2]float64) {
	fmt.Fprintf(&c.body, `<polyline class="%s" points="`, class)
	for i, point := range points {
		if i > 0 {
			c.body.WriteString(" ")
		}
		fmt.Fprintf(&c.body, "%.1f,%.1f", point[0], point[1])
	}
	c.body.WriteString("\"/>\n")
}

// mark draws a circle for series 1 and a square for series 2.
func (c *canvas) mark(series int, x, y float64) {
	if series == 1 {
		fmt.Fprintf(&c.body, `<circle class="fill1" cx="%.1f" cy="%.1f" r="4.5"/>`+"\n", x, y)
		return
	}
	fmt.Fprintf(&c.body, `<rect class="fill%d" x="%.1f" y="%.1f" width="8" height="8"/>`+"\n", series, x-4, y-4)
}

// text writes text. anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, words string) {
	fmt.Fprintf(&c.body, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, anchor, x, y, escaped(words))
}

// upward writes centred text that runs from bottom to top.
func (c *canvas) upward(x, y float64, words string) {
	fmt.Fprintf(&c.body, `<text text-anchor="middle" transform="translate(%.1f %.1f) rotate(-90)">%s</text>`+"\n", x, y, escaped(words))
}

// String returns the picture. title describes it for people who cannot see it.
func (c *canvas) String(title string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img">
<title>%s</title>
%s<rect class="paper" width="100%%" height="100%%"/>
%s</svg>
`, c.width, c.height, c.width, c.height, escaped(title), style, c.body.String())
}

func escaped(words string) string {
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(words)) // a Builder accepts everything
	return text.String()
}
