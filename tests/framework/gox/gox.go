// Package gox is a stand-in for the module in which pages of Doors are written. It has the part of
// the API that our samples use, and does not render attributes.
package gox

import (
	"fmt"
	"io"
)

// Comp is a component, which can be rendered.
type Comp interface{ Main() Elem }

// Elem is a part of a page.
type Elem func(Cursor) error

// Main implements Comp.
func (e Elem) Main() Elem { return e }

// Cursor writes the parts of a page in order.
type Cursor struct{ To io.Writer }

// Init begins an element. Modify adds attributes, Submit ends the opening tag, and Close ends the
// element.
func (c Cursor) Init(tag string) error { return c.Raw("<" + tag) }

// Modify ignores attributes.
func (c Cursor) Modify(any) error { return nil }

// Submit ends the opening tag.
func (c Cursor) Submit() error { return c.Raw(">") }

// Close ends the element.
func (c Cursor) Close() error { return nil }

// Raw writes HTML.
func (c Cursor) Raw(html string) error {
	_, err := io.WriteString(c.To, html)
	return err
}

// Text writes text.
func (c Cursor) Text(text string) error { return c.Raw(text) }

// Any writes anything that can be rendered.
func (c Cursor) Any(part any) error {
	if part, ok := part.(Comp); ok {
		return part.Main()(c)
	}
	return c.Text(fmt.Sprint(part))
}
