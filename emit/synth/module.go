package synth

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/emit/timing"
)

// MapModule maps one module of an emitted folder's engine by itself, with the parameters that it has there and with all
// that is in it, and times it where opt.Timed has delays; of several variants the report has the counts together and
// the timing of the slowest. Scripts and netlists are in the folder's syn/alone.
func MapModule(ctx context.Context, dir, module string, opt Options, progress func(Progress)) (*Report, error) {
	r, _, err := open(ctx, dir, opt, progress)
	if err != nil {
		return nil, err
	}
	mapper, err := yosys.find(opt.Yosys)
	if err != nil {
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
	var names []string
	found := 0
	for _, v := range variants {
		if v.name != module {
			if !slices.Contains(names, v.name) {
				names = append(names, v.name)
			}
			continue
		}
		found++
		if err := r.mapVariant(fmt.Sprintf("%s, %d", module, found), mapper, v); err != nil {
			return nil, err
		}
	}
	if found == 0 {
		return nil, fmt.Errorf("%s: module %q is not one that the engine is put together of; expected one of %s",
			dir, module, strings.Join(names, ", "))
	}
	return r.rep, nil
}

// scriptHead is what a folder's script reads.
var scriptHead = regexp.MustCompile(`(?m)^(read_verilog|hierarchy) .*$`)

// mapVariant maps a variant by the folder's script.
func (r *runner) mapVariant(stage, mapper string, v variant) error {
	script, err := os.ReadFile(filepath.Join(r.syn, "yosys.ys"))
	if err != nil {
		return err
	}
	text := scriptHead.ReplaceAllString(string(script), "")
	text = strings.NewReplacer("-top "+top, "-top "+v.name, "../syn/", "").Replace(text)
	text = fmt.Sprintf("read_rtlil engine.il\nrename %s %s\nhierarchy -top %s\n%s", v.id, v.name, v.name, text)
	work := filepath.Join(r.syn, "alone")
	if err := configs.WriteFile(filepath.Join(work, "module.ys"), []byte(text)); err != nil {
		return err
	}
	if err := r.command(stage, work, mapper, "-s", "module.ys"); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(work, "yosys_stat.json"))
	if err != nil {
		return err
	}
	modules, err := ParseStat(data, v.name)
	if err != nil {
		return err
	}
	r.rep.Modules = append(r.rep.Modules, modules...)
	if timing.Basis(r.opt.Timed) == "" {
		return nil
	}
	f, err := os.Open(filepath.Join(work, "yosys_netlist.json"))
	if err != nil {
		return err
	}
	defer f.Close()
	rep, err := timing.Analyze(f, v.name, r.opt.Timed)
	if err == nil && (r.rep.Timing == nil || rep.Models[1].PeriodNS > r.rep.Timing.Models[1].PeriodNS) {
		r.rep.Timing = rep
	}
	return err
}
