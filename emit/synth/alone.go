package synth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/engines"
	"vitdse/emit/timing"
)

// Lone is a module that was placed and routed by itself, between registers.
type Lone struct {
	Module string
	Fits   bool // the part holds it
	Route  Route
	Kept   bool `json:"-"` // it was placed and routed by an earlier run
}

// Alone places and routes each module of an emitted folder by itself, its inputs from
// registers and its outputs into registers: how fast the modules can be, also where the part
// does not hold the whole engine. A module of several variants counts with its slowest. The
// way from one module to another through the engine's glue is in none of them, so that an engine
// is about as fast as its slowest module at best (docs/PARTS.md has both for an ECP5). Modules
// are in the order of their names; scripts and reports are in the folder's syn/alone. done hears of each variant
// when it is finished, in the order of the work; it may be nil. What is finished is kept in the cache under the
// module's netlist and the tools' versions, so that a run goes on where an earlier one ended.
func Alone(ctx context.Context, dir string, opt Options, progress func(Progress), done func(Lone)) ([]Lone, error) {
	r, man, err := open(ctx, dir, opt, progress)
	if err != nil {
		return nil, err
	}
	part := man.Part
	target, err := routing(part)
	if err != nil {
		return nil, err
	}
	mapper, errYosys := yosys.find(opt.Yosys)
	router, errRouter := target.router.find(opt.Nextpnr)
	if err := errors.Join(errYosys, errRouter); err != nil {
		return nil, err
	}
	b := bench{runner: r, target: target, mapper: mapper, router: router, work: filepath.Join(r.syn, "alone"),
		freq: fmt.Sprintf("%g", man.Design.ClockMHz)}
	for _, tool := range [][2]string{{mapper, "-V"}, {router, "--version"}} {
		version, err := r.version(tool[0], tool[1])
		if err != nil {
			return nil, err
		}
		b.versions = append(b.versions, string(version))
	}
	if err := os.MkdirAll(b.work, 0o755); err != nil {
		return nil, err
	}
	variants, err := r.elaborate(mapper, b.work)
	if err != nil {
		return nil, err
	}
	var all []Lone
	for i, v := range variants {
		lone, err := b.measure(v, fmt.Sprintf("%s, %d of %d", v.name, i+1, len(variants)), fmt.Sprintf("%s_%d", v.name, i))
		if err != nil {
			return all, err
		}
		if done != nil {
			done(lone)
		}
		all = slowest(all, lone)
	}
	slices.SortFunc(all, func(a, b Lone) int { return strings.Compare(a.Module, b.Module) })
	return all, nil
}

// bench places and routes modules one by one.
type bench struct {
	*runner
	target         target
	mapper, router string
	versions       []string // what the two say of themselves
	work, freq     string
}

// measure places and routes a variant, or finds what an earlier run had of it.
func (b *bench) measure(v variant, stage, base string) (Lone, error) {
	lone := Lone{Module: v.name}
	key, err := configs.Key(emit.Version, b.versions, b.target.mapper, b.target.args, b.freq, v.shell(), v.content)
	if err != nil {
		return lone, err
	}
	if lone.Kept = b.opt.Cache.Get("alone", key, &lone); lone.Kept {
		return lone, nil
	}
	if err := b.mapAlone(stage, b.mapper, b.work, base, b.target.mapper, v); err != nil {
		return lone, err
	}
	report := filepath.Join(b.work, base+".report")
	args := append(slices.Clone(b.target.args), "--json", base+".json", "--report", base+".report", "--freq", b.freq,
		"--seed", "1", "--timing-allow-fail")
	if err := b.command(stage, b.work, b.router, args...); err == nil {
		data, err := os.ReadFile(report)
		if err != nil {
			return lone, err
		}
		if lone.Route, err = ParseReport(data); err != nil {
			return lone, fmt.Errorf("%s: %w", report, err)
		}
		lone.Route.Seed, lone.Fits = 1, true
	} else if !tooLarge.MatchString(err.Error()) {
		return lone, err
	}
	return lone, b.opt.Cache.Put("alone", key, lone)
}

// tooLarge is how nextpnr says that a part does not hold a design.
var tooLarge = regexp.MustCompile(`(?i)unable to (find|place)|no bels remaining|` +
	`failed to (expand|place)|not enough|exceeds`)

// slowest adds a variant of a module, or puts it in the place of a faster one.
func slowest(all []Lone, l Lone) []Lone {
	i := slices.IndexFunc(all, func(o Lone) bool { return o.Module == l.Module })
	switch {
	case i < 0:
		return append(all, l)
	case all[i].Fits && (!l.Fits || l.Route.MHz < all[i].Route.MHz):
		all[i] = l
	}
	return all
}

// target is how the open tools name a part.
type target struct {
	router tool
	mapper string   // Yosys' command
	args   []string // of the router
}

var ice40Code = regexp.MustCompile(`^iCE40(HX\d+K|LP\d+K|UP5K)-([A-Z]+\d+)`)

// routing is the open tools' flow for a part, by its ordering code.
func routing(part configs.Part) (target, error) {
	if m := ice40Code.FindStringSubmatch(part.Device); m != nil {
		mapper := "synth_ice40"
		if part.Budget.DSP > 0 {
			mapper += " -dsp"
		}
		return target{nextpnrICE40, mapper, []string{"--" + strings.ToLower(m[1]), "--package", strings.ToLower(m[2])}}, nil
	}
	if t, ok := emit.ParseTrellis(part.Device); ok {
		return target{nextpnr, "synth_ecp5", []string{t.Option, "--package", t.Package, "--speed", t.Speed,
			"--lpf-allow-unconstrained"}}, nil
	}
	return target{}, fmt.Errorf("modules are placed and routed with open tools, which are for iCE40 and ECP5 parts; "+
		"%s is %q", part.Name, part.Device)
}

// variant is a module with its parameters.
type variant struct {
	id    string // Yosys' name
	name  string
	ports []port // but the clock

	content string // digest of its netlist and of those of all modules in it
}

type port struct {
	name  string
	width int
	out   bool
}

// elaborate resolves the hierarchy and lists the engine's modules.
func (r *runner) elaborate(mapper, work string) ([]variant, error) {
	script, err := os.ReadFile(filepath.Join(r.syn, "yosys.ys"))
	if err != nil {
		return nil, err
	}
	var b strings.Builder // what the folder's script does before it maps
	for line := range strings.Lines(string(script)) {
		if strings.HasPrefix(line, "synth_") {
			break
		}
		b.WriteString(line)
	}
	b.WriteString("hierarchy -top " + top + "\nproc\nwrite_rtlil ../syn/alone/engine.il\n" +
		"write_json ../syn/alone/engine.json\n")
	if err := configs.WriteFile(filepath.Join(work, "engine.ys"), []byte(b.String())); err != nil {
		return nil, err
	}
	if err := r.command("elaborate", filepath.Join(r.syn, "../rtl"), mapper, "-s", "../syn/alone/engine.ys"); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(work, "engine.json"))
	if err != nil {
		return nil, err
	}
	return parts(data)
}

// glue says whether a module is of those that hold the others together.
func glue(module string) bool {
	return module == top || engines.Default().CountedAs(module) == "vit_accel_core"
}

// elaborated is a module of Yosys' write_json.
type elaborated struct {
	Ports map[string]struct {
		Direction string
		Bits      []any
	}
	Cells map[string]struct{ Type string }
	text  []byte
}

// passNumbers are what Yosys adds to names of its own: they count through the whole design.
var passNumbers = regexp.MustCompile(`\$\d+\b`)

// digest is over a module and all that are in it.
func digest(modules map[string]elaborated, id string) string {
	within := map[string]bool{id: true}
	for todo := []string{id}; len(todo) > 0; todo = todo[1:] {
		for _, c := range modules[todo[0]].Cells {
			if _, known := modules[c.Type]; known && !within[c.Type] {
				within[c.Type] = true
				todo = append(todo, c.Type)
			}
		}
	}
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(within)) {
		fmt.Fprintf(h, "%s %d\n", id, len(modules[id].text))
		h.Write(modules[id].text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// parts reads Yosys' write_json: what the glue consists of.
func parts(data []byte) ([]variant, error) {
	var texts struct{ Modules map[string]json.RawMessage }
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, fmt.Errorf("yosys netlist: %w", err)
	}
	modules := map[string]elaborated{}
	for id, text := range texts.Modules {
		var m elaborated
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, fmt.Errorf("yosys netlist: %s: %w", id, err)
		}
		m.text = passNumbers.ReplaceAll(text, []byte("$"))
		modules[id] = m
	}
	inGlue := map[string]bool{}
	for id, m := range modules {
		for _, c := range m.Cells {
			if glue(timing.PlainName(id)) && !glue(timing.PlainName(c.Type)) {
				inGlue[c.Type] = true
			}
		}
	}
	var list []variant
	for id, m := range modules {
		if !inGlue[id] {
			continue
		}
		v := variant{id: id, name: timing.PlainName(id)}
		clocked := false
		for name, p := range m.Ports {
			if name == "aclk" {
				clocked = true
				continue
			}
			v.ports = append(v.ports, port{name, len(p.Bits), p.Direction == "output"})
		}
		if !clocked {
			continue // wires only: part of the way between others
		}
		v.content = digest(modules, id)
		slices.SortFunc(v.ports, func(a, b port) int { return strings.Compare(a.name, b.name) })
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b variant) int { return strings.Compare(a.name+a.id, b.name+b.id) })
	if len(list) == 0 {
		return nil, errors.New("yosys netlist: no module with a clock aclk")
	}
	return list, nil
}

// shell puts a module between registers that hang on two pins: a shift register into its
// inputs, and one behind its outputs that adds each to the bit passing by.
func (v variant) shell() string {
	var in, out int
	var ports []string
	for _, p := range v.ports {
		at, from := &in, "in"
		if p.out {
			at, from = &out, "result"
		}
		ports = append(ports, fmt.Sprintf("    .%s(%s[%d:%d])", p.name, from, *at+p.width-1, *at))
		*at += p.width
	}
	return fmt.Sprintf(`module alone(input wire aclk, input wire shift_in, output wire shift_out);
  reg  [%d:0] in;
  wire [%d:0] result;
  reg  [%d:0] out;
  always @(posedge aclk) begin
    in  <= {in, shift_in};
    out <= {out, 1'b0} ^ result;
  end
  assign shift_out = out[%d];
  dut u_dut (
    .aclk(aclk),
%s
  );
endmodule
`, in-1, out-1, out-1, out-1, strings.Join(ports, ",\n"))
}

// mapAlone maps a module in its shell.
func (r *runner) mapAlone(stage, mapper, work, base, command string, v variant) error {
	if err := configs.WriteFile(filepath.Join(work, base+".v"), []byte(v.shell())); err != nil {
		return err
	}
	script := fmt.Sprintf("read_rtlil engine.il\nrename %s dut\nread_verilog %s.v\nhierarchy -top alone\n"+
		"%s -top alone -json %s.json\n", v.id, base, command, base)
	if err := configs.WriteFile(filepath.Join(work, base+".ys"), []byte(script)); err != nil {
		return err
	}
	return r.command(stage, work, mapper, "-s", base+".ys")
}
