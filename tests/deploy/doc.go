// Package deploy checks what lies in deploy/ with the programs and schemas of those who will read it.
package deploy
