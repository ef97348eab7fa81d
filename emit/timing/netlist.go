package timing

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// netlist is a design without hierarchy: every bit of a net has a number, 0 and 1 being constants.
type netlist struct {
	cells []cell
	bits  int     // numbers below this are in use
	names []label // of a bit
}

// label is what people call a bit, by the instance it is in, and where that is declared.
type label struct{ name, src string }

// cell is a primitive.
type cell struct {
	kind   string // FDRE, LUT6 ...
	path   string // instances from the top, with dots
	module string // that it stands in, without Yosys' parameters
	src    string // file:line, where Yosys knows it
	params map[string]string
	ports  map[string][]int
	drives map[string]bool // ports that are outputs
	black  bool            // a module of the design that was left out of the netlist: its ways are not timed
}

// param is a number among a cell's parameters: Yosys writes binary digits. absent where there is none.
func (c *cell) param(name string, absent int) int {
	text, ok := c.params[name]
	if !ok {
		return absent
	}
	n, err := strconv.ParseInt(strings.TrimLeft(text, "0"), 2, 64)
	if err != nil {
		return 0
	}
	return int(n)
}

// The parts of Yosys' write_json that are read.
type jsonModule struct {
	Attributes map[string]any
	Ports      map[string]struct {
		Direction string
		Bits      []any
	}
	Cells map[string]struct {
		Type       string
		Parameters map[string]any
		Attributes map[string]any
		Directions map[string]string `json:"port_directions"`
		Connection map[string][]any  `json:"connections"`
	}
	Netnames map[string]struct {
		Hide       int `json:"hide_name"`
		Bits       []any
		Attributes map[string]any
	}
}

// read flattens the hierarchy below top.
func read(r io.Reader, top string) (*netlist, error) {
	var design struct{ Modules map[string]*jsonModule }
	if err := json.NewDecoder(r).Decode(&design); err != nil {
		return nil, fmt.Errorf("yosys netlist: %w", err)
	}
	f := flattener{modules: design.Modules, net: &netlist{bits: 2, names: make([]label, 2)}, same: map[int]int{}}
	for name, m := range design.Modules {
		if PlainName(name) == top {
			if err := f.module(m, top, "", map[int]int{}, 0); err != nil {
				return nil, err
			}
			f.join()
			return f.net, nil
		}
	}
	return nil, fmt.Errorf("yosys netlist: there is no module %s", top)
}

type flattener struct {
	modules map[string]*jsonModule
	net     *netlist
	same    map[int]int // a bit that is another one, with a lower number
}

// bit is the one that stands for all that are the same.
func (f *flattener) bit(n int) int {
	for {
		lower, found := f.same[n]
		if !found {
			return n
		}
		n = lower
	}
}

// equate says that two bits are one net: a module's ports may be the same net inside, as two outputs are that one
// register drives, or an input that is led through.
func (f *flattener) equate(a, b int) {
	a, b = f.bit(a), f.bit(b)
	if a != b && max(a, b) > 1 {
		f.same[max(a, b)] = min(a, b)
	}
}

// join lets all that are the same be one, everywhere.
func (f *flattener) join() {
	for i := range f.net.cells {
		for _, bits := range f.net.cells[i].ports {
			for j, b := range bits {
				bits[j] = f.bit(b)
			}
		}
	}
	for n, l := range f.net.names {
		if b := f.bit(n); b > 1 && b != n {
			f.name(b, l)
		}
	}
}

// deepest is how far modules may be inside each other; more is a module inside itself.
const deepest = 32

// module adds an instance. bound has the numbers of the bits that come through its ports.
func (f *flattener) module(m *jsonModule, name, path string, bound map[int]int, depth int) error {
	if depth > deepest {
		return fmt.Errorf("yosys netlist: module %s contains itself", name)
	}
	number := func(bit any) int {
		local, ok := bit.(float64)
		if !ok {
			if bit == "1" {
				return 1
			}
			return 0 // 0, x and z do not move
		}
		n, ok := bound[int(local)]
		if !ok {
			n = f.net.bits
			bound[int(local)] = n
			f.net.bits++
			f.net.names = append(f.net.names, label{})
		}
		return n
	}
	numbers := func(bits []any) []int {
		out := make([]int, len(bits))
		for i, b := range bits {
			out[i] = number(b)
		}
		return out
	}
	for _, net := range sorted(m.Netnames) {
		if n := m.Netnames[net]; n.Hide == 0 {
			f.label(net, path, numbers(n.Bits), source(n.Attributes["src"]))
		}
	}
	for _, id := range sorted(m.Cells) {
		c := m.Cells[id]
		ports := map[string][]int{}
		for _, port := range sorted(c.Connection) { // in an order, so that the same netlist is numbered the same
			ports[port] = numbers(c.Connection[port])
		}
		if inner := f.find(c.Type); inner != nil {
			inside := map[int]int{}
			for _, port := range sorted(inner.Ports) {
				for i, bit := range inner.Ports[port].Bits {
					if i >= len(ports[port]) {
						break
					}
					local, ok := bit.(float64)
					if !ok { // the module gives a constant
						f.equate(ports[port][i], number(bit))
						continue
					}
					if _, known := inside[int(local)]; !known {
						inside[int(local)] = ports[port][i]
					}
					f.equate(inside[int(local)], ports[port][i])
				}
			}
			if err := f.module(inner, PlainName(c.Type), join(path, id), inside, depth+1); err != nil {
				return err
			}
			continue
		}
		black := strings.HasPrefix(PlainName(c.Type), "vit_")
		if strings.HasPrefix(c.Type, "$") && !black {
			continue // $scopeinfo and such are no hardware
		}
		f.net.cells = append(f.net.cells, cell{kind: c.Type, path: join(path, id), module: name,
			src:    source(c.Attributes["src"]),
			params: texts(c.Parameters), ports: ports, drives: outputs(c.Directions),
			black: black})
	}
	return nil
}

// find is the module of a cell's type, nil for a primitive, which libraries give as a black or a white box.
func (f *flattener) find(kind string) *jsonModule {
	for _, name := range []string{kind, `\` + kind} {
		if m := f.modules[name]; m != nil && m.Attributes["blackbox"] == nil && m.Attributes["whitebox"] == nil {
			return m
		}
	}
	return nil
}

// label keeps the shortest name that people wrote for a bit.
func (f *flattener) label(net, path string, bits []int, src string) {
	for i, b := range bits {
		name := join(path, net)
		if len(bits) > 1 {
			name += "[" + strconv.Itoa(i) + "]"
		}
		f.name(b, label{name, src})
	}
}

// name keeps the shorter one, of the same length the first in the alphabet.
func (f *flattener) name(bit int, l label) {
	old := &f.net.names[bit]
	if bit > 1 && l.name != "" && (old.name == "" || len(l.name) < len(old.name) ||
		len(l.name) == len(old.name) && l.name < old.name) {
		*old = l
	}
}

func outputs(directions map[string]string) map[string]bool {
	out := map[string]bool{}
	for port, way := range directions {
		out[port] = way == "output"
	}
	return out
}

func texts(params map[string]any) map[string]string {
	out := map[string]string{}
	for name, v := range params {
		if text, ok := v.(string); ok {
			out[name] = text
		}
	}
	return out
}

// source is the first place that Yosys gives for a cell, without columns: file.sv:12.
func source(attribute any) string {
	text, _ := attribute.(string)
	first, _, _ := strings.Cut(text, "|")
	place, _, _ := strings.Cut(first, "-")
	file, line, ok := strings.Cut(place, ":")
	if !ok {
		return ""
	}
	line, _, _ = strings.Cut(line, ".")
	return file[strings.LastIndexByte(file, '/')+1:] + ":" + line
}

// PlainName is a module's name without Yosys' parameters: \x, $paramod\x\P=1 and $paramod$hash\x are all x.
func PlainName(name string) string {
	if rest, ok := strings.CutPrefix(name, "$paramod"); ok {
		_, rest, _ = strings.Cut(rest, `\`)
		name, _, _ = strings.Cut(rest, `\`)
	}
	return strings.TrimPrefix(name, `\`)
}

func join(path, name string) string {
	name = strings.TrimPrefix(name, `\`)
	if path == "" {
		return name
	}
	return path + "." + name
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
