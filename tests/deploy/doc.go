// Package deploy checks the files in deploy/ with the programs and schemas that read them.
package deploy
