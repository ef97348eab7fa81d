package emit

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"vitdse/configs"
	"vitdse/templates"
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

// File is one emitted file, its path relative to the folder.
type File struct {
	Path string
	Data []byte
}

// Render is every text file of the design, byte for byte the same for the same plan.
// full is the number of images with vectors of every op.
func (p *Plan) Render(full int) ([]File, error) {
	v := p.view(full)
	files, err := page(v)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{"rtl", "sim", "syn", "driver"} {
		entries, err := fs.ReadDir(templates.FS, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if !emitted(name, p.Part.Family) || dir == "rtl" && !slices.Contains(v.Files, e.Name()) {
				continue
			}
			text, err := fs.ReadFile(templates.FS, name)
			if err != nil {
				return nil, err
			}
			body, err := render(name, string(text), v)
			if err != nil {
				return nil, err
			}
			if dir == "rtl" {
				body = []byte(fill(string(body), v.params, v.fields))
			}
			files = append(files, File{name, append([]byte(header(name, v)), body...)})
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
	files = append(files,
		File{"rtl/exp.mem", []byte(p.hexLines("Softmax numerators: exp_rom[v] ~ (2^NUMERATOR_BITS - 1) * 2^(-v/32).", exp))},
		File{"rtl/rsqrt.mem",
			[]byte(p.hexLines("Reciprocal square root: rsqrt_rom[i] ~ 2^17 / sqrt((i + 1/2) / 64).", rsqrt))},
		File{"rtl/program.mem", []byte(p.hexLines("Program of the sequencer, one descriptor a line.", p.program))},
		File{"rtl/loads.mem", []byte(p.hexLines("Segments of the read stream, one a line.", p.loads()))},
		File{"rtl/filelist.f", []byte("// design " + p.Hash + "\n" + strings.Join(v.Files, "\n") + "\n")},
	)
	if p.Shape.Windowed {
		moved := p.hexLines("Where moved rows were: whether there is one, its word, its lane.", p.moveLines())
		files = append(files, File{"rtl/moves.mem", []byte(moved)})
	}
	return files, nil
}

// pageName is the page that describes the folder.
const pageName = "README.md"

func page(v view) ([]File, error) {
	text, err := fs.ReadFile(templates.FS, pageName)
	if err != nil {
		return nil, err
	}
	body, err := render(pageName, string(text), v)
	return []File{{pageName, append([]byte(header(pageName, v)), body...)}}, err
}

// quoting is how templates write texts that came from files of the user's. They are names by then; that
// none of them could be more does not rest on that alone.
var quoting = template.FuncMap{"tcl": tclWord, "line": oneLine, "code": codeSpan,
	"constants": markConstants, "fields": markFields}

// tclWord escapes what Tcl reads as more than itself, inside double quotes and outside.
func tclWord(s string) string {
	var b strings.Builder
	for _, c := range oneLine(s) {
		if strings.ContainsRune("\\\"$[]{}; ", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// oneLine keeps a text in the comment that it stands in: no line's end, no comment's end, nor a backslash that
// would go on with it in the next line.
func oneLine(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '\\' || c == '\u2028' || c == '\u2029' {
			return ' '
		}
		return c
	}, s)
	return strings.ReplaceAll(strings.ReplaceAll(s, "*/", "* /"), "/*", "/ *")
}

// codeSpan is a text in Markdown as it is: nothing in it is markup, and it ends where it should.
func codeSpan(s string) string { return "`" + strings.ReplaceAll(oneLine(s), "`", "'") + "`" }

func render(name, text string, v any) ([]byte, error) {
	t, err := template.New(name).Delims("<%", "%>").Funcs(quoting).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// header opens every emitted text file: what made it, and for which design.
func header(name string, v view) string {
	mark := "//"
	end := "\n"
	switch {
	case strings.HasSuffix(name, ".sv"):
		end = "`default_nettype none\n\n"
	case strings.HasSuffix(name, ".md"):
		return fmt.Sprintf("<!-- Code generated by vitdse %s; DO NOT EDIT. design %s -->\n", v.Version, v.Hash)
	case slices.Contains([]string{".ys", ".tcl", ".xdc", ".lpf", ".py"}, path.Ext(name)),
		strings.HasSuffix(name, "Makefile"):
		mark, end = "#", ""
	}
	return fmt.Sprintf("%s Code generated by vitdse %s; DO NOT EDIT.\n%s design %s\n%s",
		mark, v.Version, mark, v.Hash, end)
}
