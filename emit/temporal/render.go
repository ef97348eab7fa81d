package temporal

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/templates"
	engine "vitdse/templates/temporal"
)

// rtlFiles are the modules that every accelerator has, leaves first.
var rtlFiles = []string{
	"vit_ram.sv", "vit_axi_lite.sv", "vit_axi_read.sv", "vit_axi_write.sv", "vit_stream_loader.sv",
	"vit_weight_unpack.sv", "vit_sequencer.sv", "vit_op_queue.sv", "vit_array_feeder.sv", "vit_pe_array.sv",
	"vit_tile_drain.sv", "vit_multiply.sv", "vit_square.sv", "vit_requantize.sv", "vit_gelu_table.sv",
	"vit_column_packer.sv", "vit_row_sums.sv", "vit_rsqrt.sv", "vit_layernorm.sv", "vit_softmax.sv", "vit_patch_gather.sv",
	"vit_unit_control.sv", "vit_operand_feed.sv", "vit_activation_buffers.sv", "vit_weight_buffer.sv",
	"vit_key_value_buffers.sv", "vit_operand_select.sv", "vit_output_stages.sv", "vit_channel_params.sv",
	"vit_output_lanes.sv", "vit_output_words.sv", "vit_residual_stream.sv", "vit_norm_rows.sv", "vit_patch_rows.sv",
	"vit_score_path.sv", "vit_accel_core.sv", "vit_accel_top.sv",
}

// modules are those of this accelerator on a part, leaves first.
func (p *Plan) modules(family configs.Fabric) []string {
	files := rtlFiles
	if family == configs.ECP5 {
		files = append([]string{"vit_mult18.sv"}, files...)
	}
	if p.Shape.GroupBits > 0 {
		files = append([]string{"vit_group_scale.sv"}, files...)
	}
	if _, pools := p.Shape.Pool(); pools {
		files = slices.Insert(slices.Clone(files), slices.Index(files, "vit_column_packer.sv"), "vit_token_pool.sv")
		files = slices.Insert(files, slices.Index(files, "vit_patch_rows.sv"), "vit_pool_rows.sv")
	}
	if p.Shape.Dynamic {
		files = slices.Insert(slices.Clone(files), slices.Index(files, "vit_accel_core.sv"),
			"vit_row_magnitudes.sv", "vit_token_scales.sv")
	}
	if p.Shape.Windowed {
		files = slices.Insert(slices.Clone(files), slices.Index(files, "vit_unit_control.sv"),
			"vit_row_regroup.sv", "vit_score_bias.sv")
	}
	switch {
	case p.Shape.Packed().Cascade:
		files = append([]string{"vit_dsp_cascade.sv", "vit_packed_cascades.sv"}, files...)
	case p.Shape.SumStep(family) > 0:
		files = append([]string{"vit_dsp_cascade.sv", "vit_product_cascades.sv"}, files...)
	}
	if p.Shape.Design.Engine.LUTColumns > 0 {
		files = slices.Insert(slices.Clone(files), slices.Index(files, "vit_pe_array.sv")+1, "vit_mixed_array.sv")
	}
	return files
}

// Render is every text file of the design, byte for byte the same for the same plan.
// full is the number of images with vectors of every op.
func (p *Plan) Render(full int) ([]emit.File, error) {
	v := p.view(full)
	page, err := emit.Filled(engine.FS, "README.md", v.Hash, v, marks)
	if err != nil {
		return nil, err
	}
	files := []emit.File{page}
	for _, dir := range []string{"rtl", "sim", "syn", "driver"} {
		from := templates.FS
		if dir == "rtl" {
			from = engine.FS
		}
		entries, err := fs.ReadDir(from, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if !emit.Emitted(name, p.Part.Family) || dir == "rtl" && !slices.Contains(v.Files, e.Name()) {
				continue
			}
			f, err := emit.Filled(from, name, v.Hash, v, marks)
			if err != nil {
				return nil, err
			}
			if dir == "rtl" {
				f.Data = []byte(fill(string(f.Data), v.params, v.fields))
			}
			files = append(files, f)
		}
	}
	var exp, rsqrt []string
	for _, e := range p.Net.Exp.Table {
		exp = append(exp, fmt.Sprintf("%02x", e))
	}
	for range 64 { // the table is addressed by the value itself, 64 .. 255
		rsqrt = append(rsqrt, "00000")
	}
	for _, r := range p.Net.Rsqrt {
		rsqrt = append(rsqrt, fmt.Sprintf("%05x", r))
	}
	list := "// design " + p.hash + "\n" + strings.Join(v.Files, "\n") + "\n"
	files = append(files,
		p.memory("exp", "Softmax numerators: exp_rom[v] ~ (2^NUMERATOR_BITS - 1) * 2^(-v/32).", exp),
		p.memory("rsqrt", "Reciprocal square root: rsqrt_rom[i] ~ 2^17 / sqrt((i + 1/2) / 64).", rsqrt),
		p.memory("program", "Program of the sequencer, one descriptor a line.", p.program),
		p.memory("loads", "Segments of the read stream, one a line.", p.loads()),
		emit.File{Path: "rtl/filelist.f", Data: []byte(list)},
	)
	if p.Shape.Windowed {
		files = append(files,
			p.memory("moves", "Where moved rows were: whether there is one, its word, its lane.", p.moveLines()))
	}
	return files, nil
}
