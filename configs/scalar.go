package configs

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalar decodes a text, integer, number or truth value. It is stricter than YAML:
// integers are decimal without leading zeros (010 is 8 to YAML 1.1 and 10 to
// people), numbers are finite, and nothing is converted from a quoted text.
func (w *walker) scalar(n *yaml.Node, v reflect.Value, key string) {
	ok := false
	switch tag := n.ShortTag(); v.Kind() {
	case reflect.String:
		if ok = tag == "!!str"; ok {
			v.SetString(n.Value)
		}
	case reflect.Int, reflect.Int64:
		var i int64
		i, ok = parseInt(n.Value)
		if ok = ok && tag == "!!int" && !v.OverflowInt(i); ok {
			v.SetInt(i)
		}
	case reflect.Float64:
		var x float64
		x, ok = parseFloat(n.Value)
		if ok = ok && (tag == "!!int" || tag == "!!float"); ok {
			v.SetFloat(x)
		}
	case reflect.Bool:
		if ok = tag == "!!bool"; ok {
			v.SetBool(strings.EqualFold(n.Value, "true"))
		}
	default:
		panic("configs: no decoding for " + v.Type().String())
	}
	if !ok {
		w.fail(n.Line, key, "is %s; expected %s", describeNode(n), describeType(v.Type()))
	}
}

func parseInt(s string) (int64, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	i, err := strconv.ParseInt(s, 10, 64)
	return i, err == nil
}

func parseFloat(s string) (float64, bool) {
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
}

// describeNode says what a file holds.
func describeNode(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!str":
		return "the text " + quoted(n.Value)
	case "!!int", "!!float", "!!bool":
		return clip(n.Value)
	}
	return clip(n.ShortTag()) + " " + clip(n.Value)
}

// expecter is implemented by types that are written in a form of their own.
type expecter interface{ expected() string }

// describeType says what a key takes.
func describeType(t reflect.Type) string {
	if e, ok := reflect.New(t).Interface().(expecter); ok {
		return e.expected()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describeType(t.Elem())
	case reflect.String:
		return "a text"
	case reflect.Int, reflect.Int64:
		return "an integer"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.String:
			return "a list of texts"
		case reflect.Int, reflect.Int64:
			return "a list of integers"
		case reflect.Float64:
			return "a list of numbers"
		}
		return "a list"
	}
	return "a mapping"
}
