package board

// In:  the number of a version.
// Out: its name and its colour, by which people tell it from others.

import "html/template"

// Version is one release of the app.
type Version struct {
	Number int
	Name   string
	Colour template.CSS // dark enough for white letters
}

var looks = []Version{
	{Name: "teal", Colour: "#0f766e"}, {Name: "amber", Colour: "#b45309"}, {Name: "violet", Colour: "#6d28d9"},
	{Name: "rose", Colour: "#be123c"}, {Name: "sky", Colour: "#0369a1"}, {Name: "olive", Colour: "#4d7c0f"},
}

// VersionOf returns a version; numbers begin with 1.
func VersionOf(number int) Version {
	version := looks[(number-1)%len(looks)]
	version.Number = number
	return version
}
