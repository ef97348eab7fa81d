package synth

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/emit/timing"
)

// lanes are the modules that are repeated for each token or column of a tile, or are as wide: what an engine is
// without them is its control, with its buffers.
var lanes = []string{"vit_pe_array", "vit_mixed_array", "vit_requantize", "vit_softmax", "vit_row_sums", "vit_rsqrt",
	"vit_gelu_table", "vit_group_scale", "vit_column_packer", "vit_axi_lite"}

// products are in lanes and in the control: a count of the latter alone says nothing of them.
var products = []string{"vit_multiply", "vit_square", "vit_mult18"}

// control maps the engine with the modules of its lanes as black boxes, and times it where opt.Timed has delays: ways
// that start, end or pass in a lane are not in it. It takes less time than the whole engine, whose longest ways are
// in the control (docs/CLOCK.md). Modules are those that were mapped, but for products.
func (r *runner) control() error {
	mapper, err := yosys.find(r.opt.Yosys)
	if err != nil {
		return err
	}
	script, err := os.ReadFile(filepath.Join(r.syn, "yosys.ys"))
	if err != nil {
		return err
	}
	boxes := "hierarchy -top " + top + "\nblackbox *" + strings.Join(lanes, "* *") + "*\n"
	at := strings.Index(string(script), "synth_")
	text := string(script[:at]) + boxes + string(script[at:])
	const name = "control.ys"
	if err := configs.WriteFile(filepath.Join(r.syn, name), []byte(text)); err != nil {
		return err
	}
	if err := r.command("control", filepath.Join(r.syn, "../rtl"), mapper, "-q", "-s", "../syn/"+name); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(r.syn, "yosys_stat.json"))
	if err != nil {
		return err
	}
	if r.rep.Modules, err = ParseStat(data, top); err != nil {
		return err
	}
	r.rep.Modules = slices.DeleteFunc(r.rep.Modules, func(m Module) bool { return slices.Contains(products, m.Name) })
	if timing.Basis(r.opt.Timed) == "" {
		return nil
	}
	f, err := os.Open(filepath.Join(r.syn, "yosys_netlist.json"))
	if err != nil {
		return err
	}
	defer f.Close()
	r.rep.Timing, err = timing.Analyze(f, top, r.opt.Timed)
	return err
}
