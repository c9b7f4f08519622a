package board

import "html/template"

// Version is a release of the app. People recognize it by its name and colour.
type Version struct {
	Number int
	Name   string
	Colour template.CSS // dark enough for white letters
}

var looks = []Version{
	{Name: "teal", Colour: "#0f766e"}, {Name: "amber", Colour: "#b45309"}, {Name: "violet", Colour: "#6d28d9"},
	{Name: "rose", Colour: "#be123c"}, {Name: "sky", Colour: "#0369a1"}, {Name: "olive", Colour: "#4d7c0f"},
}

// VersionOf returns the version with a number, from 1.
func VersionOf(number int) Version {
	version := looks[(number-1)%len(looks)]
	version.Number = number
	return version
}
