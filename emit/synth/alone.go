package synth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/timing"
	"vitdse/hwmodel"
)

// Lone is a module that was placed and routed by itself, between registers.
type Lone struct {
	Module string
	Fits   bool // the part holds it
	Route  Route
}

// Alone places and routes each module of an emitted folder by itself, its inputs from
// registers and its outputs into registers: how fast the modules can be, also where the part
// does not hold the whole engine. A module of several variants counts with its slowest. The
// way from one module to another through the engine's glue is in none of them, so that an engine
// is about as fast as its slowest module at best (docs/PARTS.md has both for an ECP5). Modules
// are in the order of their names; scripts and reports are in the folder's syn/alone.
func Alone(ctx context.Context, dir string, opt Options, progress func(Progress)) ([]Lone, error) {
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
	work := filepath.Join(r.syn, "alone")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	variants, err := r.elaborate(mapper, work)
	if err != nil {
		return nil, err
	}
	freq := fmt.Sprintf("%g", man.Design.ClockMHz)
	var all []Lone
	for i, v := range variants {
		stage := fmt.Sprintf("%s, %d of %d", v.name, i+1, len(variants))
		base := fmt.Sprintf("%s_%d", v.name, i)
		if err := r.mapAlone(stage, mapper, work, base, target.mapper, v); err != nil {
			return all, err
		}
		report := filepath.Join(work, base+".report")
		args := append(slices.Clone(target.args), "--json", base+".json", "--report", base+".report", "--freq", freq, "--seed", "1", "--timing-allow-fail")
		lone := Lone{Module: v.name}
		if err := r.command(stage, work, router, args...); err == nil {
			data, err := os.ReadFile(report)
			if err != nil {
				return all, err
			}
			if lone.Route, err = ParseReport(data); err != nil {
				return all, fmt.Errorf("%s: %w", report, err)
			}
			lone.Route.Seed, lone.Fits = 1, true
		} else if !tooLarge.MatchString(err.Error()) {
			return all, err
		}
		all = slowest(all, lone)
	}
	slices.SortFunc(all, func(a, b Lone) int { return strings.Compare(a.Module, b.Module) })
	return all, nil
}

// tooLarge is how nextpnr says that a part does not hold a design.
var tooLarge = regexp.MustCompile(`(?i)unable to (find|place)|no bels remaining|failed to (expand|place)|not enough|exceeds`)

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
		return target{nextpnr, "synth_ecp5", []string{t.Option, "--package", t.Package, "--speed", t.Speed, "--lpf-allow-unconstrained"}}, nil
	}
	return target{}, fmt.Errorf("modules are placed and routed with open tools, which are for iCE40 and ECP5 parts; %s is %q", part.Name, part.Device)
}

// variant is a module with its parameters.
type variant struct {
	id    string // Yosys' name
	name  string
	ports []port // but the clock
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
	b.WriteString("hierarchy -top " + top + "\nproc\nwrite_rtlil ../syn/alone/engine.il\nwrite_json ../syn/alone/engine.json\n")
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
func glue(module string) bool { return module == top || hwmodel.CountedAs(module) == "vit_accel_core" }

// parts reads Yosys' write_json: what the glue consists of.
func parts(data []byte) ([]variant, error) {
	var design struct {
		Modules map[string]struct {
			Ports map[string]struct {
				Direction string
				Bits      []any
			}
			Cells map[string]struct{ Type string }
		}
	}
	if err := json.Unmarshal(data, &design); err != nil {
		return nil, fmt.Errorf("yosys netlist: %w", err)
	}
	inGlue := map[string]bool{}
	for id, m := range design.Modules {
		for _, c := range m.Cells {
			if glue(timing.PlainName(id)) && !glue(timing.PlainName(c.Type)) {
				inGlue[c.Type] = true
			}
		}
	}
	var list []variant
	for id, m := range design.Modules {
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
	script := fmt.Sprintf("read_rtlil engine.il\nrename %s dut\nread_verilog %s.v\nhierarchy -top alone\n%s -top alone -json %s.json\n", v.id, base, command, base)
	if err := configs.WriteFile(filepath.Join(work, base+".ys"), []byte(script)); err != nil {
		return err
	}
	return r.command(stage, work, mapper, "-s", base+".ys")
}
