package show

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the top folder of the repository.
const root = "../../.."

// The table of docs/logs.md has exactly the lines that the code logs.
func TestLogTable(t *testing.T) {
	table, err := os.ReadFile(root + "/docs/logs.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| (info|warn|error) \\| `([^`]+)` \\|").FindAllStringSubmatch(string(table), -1) {
		documented[row[1]+" "+row[2]] = true
	}
	logged := make(map[string]bool)
	files, err := filepath.Glob(root + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root+"/caddy", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if !strings.HasSuffix(path, "_test.go") {
			addLogged(t, path, logged)
		}
	}
	if len(logged) == 0 || !maps.Equal(documented, logged) {
		t.Errorf("docs/logs.md has\n%s\nand the code logs\n%s", list(documented, logged), list(logged, documented))
	}
}

// addLogged adds the logger calls of a file: the level and the message.
func addLogged(t *testing.T, path string, logged map[string]bool) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method.Sel.Name) || !isLogger(method.X) {
			return true
		}
		message, ok := literal(call.Args[0])
		if !ok {
			t.Errorf("%s: the message is not a literal", files.Position(call.Pos()))
		}
		logged[strings.ToLower(method.Sel.Name)+" "+message] = true
		return true
	})
}

// isLogger reports whether an expression is a logger, judging by its name.
func isLogger(expression ast.Expr) bool {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name == "logger" || expression.Name == "slog"
	case *ast.SelectorExpr:
		return expression.Sel.Name == "logger" || expression.Sel.Name == "Log"
	case *ast.CallExpr:
		return isLogger(expression.Fun)
	}
	return false
}

// literal returns the value of a string literal, or of several joined with +.
func literal(expression ast.Expr) (string, bool) {
	switch expression := expression.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(expression.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		left, isLeft := literal(expression.X)
		right, isRight := literal(expression.Y)
		return left + right, isLeft && isRight
	}
	return "", false
}

// list returns the elements of one that are not in other, one per line.
func list(one, other map[string]bool) string {
	var missing []string
	for text := range one {
		if !other[text] {
			missing = append(missing, "\t"+text)
		}
	}
	slices.Sort(missing)
	return strings.Join(missing, "\n")
}
