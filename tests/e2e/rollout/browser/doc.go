// Package browser simulates visitors of a Doors app. Each one loads a page, keeps its stream and
// its reports open, clicks and follows links. As in the Doors client, a page reloads when its pod
// is gone and backs off when it is told to wait. Each click checks what the page's pod has stored
// for it.
package browser
