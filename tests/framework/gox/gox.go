// Package gox stands in for the module of the same name, in which pages of Doors are written: so much of its API as our
// samples use. Attributes are left out of what it renders.
package gox

import (
	"fmt"
	"io"
)

// Comp is what can be rendered.
type Comp interface{ Main() Elem }

// Elem is a part of a page.
type Elem func(Cursor) error

// Main makes an Elem a Comp.
func (e Elem) Main() Elem { return e }

// Cursor writes one part of a page after the other.
type Cursor struct{ To io.Writer }

// Init begins an element, Modify adds to its attributes, Submit ends them, and Close ends the element.
func (c Cursor) Init(tag string) error { return c.Raw("<" + tag) }

// Modify is described at Init.
func (c Cursor) Modify(any) error { return nil }

// Submit is described at Init.
func (c Cursor) Submit() error { return c.Raw(">") }

// Close is described at Init.
func (c Cursor) Close() error { return nil }

// Raw writes HTML.
func (c Cursor) Raw(html string) error {
	_, err := io.WriteString(c.To, html)
	return err
}

// Text writes text.
func (c Cursor) Text(text string) error { return c.Raw(text) }

// Any writes whatever can be rendered.
func (c Cursor) Any(part any) error {
	if part, ok := part.(Comp); ok {
		return part.Main()(c)
	}
	return c.Text(fmt.Sprint(part))
}
