package configs

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// walker copies a YAML tree into a Go value and collects every fault on the way.
// It follows the Go type, so its depth is the type's, whatever the file holds.
type walker struct {
	file   string
	faults []*FileError
}

// defaulter is implemented by types whose optional keys start with a value.
type defaulter interface{ setDefaults() }

// fail records a fault; past the limit there is nothing more to learn.
func (w *walker) fail(line int, key, format string, args ...any) {
	if len(w.faults) > maxFaults {
		return
	}
	var err error = &KeyError{Key: key, Msg: fmt.Sprintf(format, args...)}
	if key == "" {
		err = fmt.Errorf(format, args...)
	}
	w.faults = append(w.faults, &FileError{w.file, line, err})
}

// value decodes node n into v; line is that of n's key.
func (w *walker) value(n *yaml.Node, v reflect.Value, key string, line int) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		w.fail(n.Line, key, "anchors and aliases are not accepted; write the value out")
		return
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok && n.Kind == yaml.ScalarNode {
		if err := t.UnmarshalText([]byte(n.Value)); err != nil {
			w.fail(n.Line, key, "is %s; expected %s", describeNode(n), describeType(v.Type()))
		}
		return
	}
	if d, ok := v.Addr().Interface().(defaulter); ok {
		d.setDefaults()
	}
	kind := map[reflect.Kind]yaml.Kind{reflect.Struct: yaml.MappingNode, reflect.Map: yaml.MappingNode,
		reflect.Slice: yaml.SequenceNode, reflect.Pointer: n.Kind}[v.Kind()]
	if kind == 0 {
		kind = yaml.ScalarNode
	}
	if n.Kind != kind {
		w.fail(n.Line, key, "is %s; expected %s", describeNode(n), describeType(v.Type()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		w.value(n, v.Elem(), key, line)
	case reflect.Struct:
		w.structure(n, v, key, line)
	case reflect.Map:
		w.mapping(n, v, key)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		for i, item := range n.Content {
			w.value(item, v.Index(i), fmt.Sprintf("%s[%d]", key, i), item.Line)
		}
	default:
		w.scalar(n, v, key)
	}
}

// entry is one key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

// entries lists the keys of a mapping in order; repeated ones are faults.
func (w *walker) entries(n *yaml.Node, prefix string) []entry {
	first := map[string]int{}
	var all []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode || k.Anchor != "" {
			w.fail(k.Line, prefix, "has %s for a key; expected a plain name", describeNode(k))
			continue
		}
		if line, twice := first[k.Value]; twice {
			w.fail(k.Line, join(prefix, k.Value), "is given twice; first on line %d", line)
			continue
		}
		first[k.Value] = k.Line
		all = append(all, entry{k, n.Content[i+1]})
	}
	return all
}

func (w *walker) structure(n *yaml.Node, v reflect.Value, prefix string, line int) {
	fields := fieldsOf(v.Type())
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	seen := map[string]bool{}
	for _, e := range w.entries(n, prefix) {
		name := e.key.Value
		seen[name] = true
		found := false
		for _, f := range fields {
			if f.name == name {
				found = true
				w.value(e.value, v.Field(f.index), join(prefix, name), e.key.Line)
			}
		}
		if !found {
			w.fail(e.key.Line, join(prefix, clip(name)), "unknown key; %s", hint(name, names))
		}
	}
	for _, f := range fields {
		if !seen[f.name] && !f.optional {
			w.fail(line, join(prefix, f.name), "missing; expected %s", describeType(v.Type().Field(f.index).Type))
		}
	}
}

func (w *walker) mapping(n *yaml.Node, v reflect.Value, prefix string) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, e := range w.entries(n, prefix) {
		item := reflect.New(v.Type().Elem()).Elem()
		w.value(e.value, item, join(prefix, e.key.Value), e.key.Line)
		v.SetMapIndex(reflect.ValueOf(e.key.Value).Convert(v.Type().Key()), item)
	}
}

// field is one key of a struct.
type field struct {
	name     string
	index    int
	optional bool
}

// fieldsOf reads the yaml tags of a struct; fields without one are not keys.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			all = append(all, field{name, i, options == "omitempty"})
		}
	}
	return all
}

// join adds a name to a dotted path.
func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// clip keeps a key of a file short enough for a message.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return s
}
