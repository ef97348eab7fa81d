package verify

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
)

// fault is a module with a fault, and what names it: an assertion where values are forced, or a parameter's check.
type fault struct {
	module, params string
	force          string // "name = value; ..." of nets inside
	says           string
}

// assertions has each assertion of the RTL once.
var assertions = []fault{
	{"vit_op_queue", "", "push = 1; full = 1", "a matmul is pushed into a full queue"},
	{"vit_op_queue", "", "feed_done = 1; feed_valid = 0", "a matmul is fed that is not there"},
	{"vit_op_queue", "", "drain_done = 1; loaded = 0", "columns leave that are of no matmul"},
	{"vit_op_queue", "", "drained = 1; empty = 1", "a matmul is in its buffer that is not there"},
	{"vit_sequencer", ".STEPS(5), .STEP_INDEX_BITS(3)", "state = 1; pc = 5", "a step past the end of the program"},
	{"vit_sequencer", "", "start = 1; busy = 1", "a run starts in another"},
	{"vit_array_feeder", "", "tile_loaded = 1; ready = 2", "more banks of weights are full than there are"},
	{"vit_array_feeder", "", "any_ready = 1; ready = 0", "the flag of full banks is not that of their count"},
	{"vit_array_feeder", "", "any_row = 0; rows = 2", "the flag of row tiles is not that of their count"},
	{"vit_array_feeder", "", "go = 1; rowing = 1; rows = 0", "a row tile is read that is not made"},
	{"vit_array_feeder", "", "busy = 1; valid = 0", "a matmul is fed that is not in the queue"},
	{"vit_operand_feed", "", "softmax_ready = 1; softmaxes = 3", "more softmaxes wait than are counted"},
	{"vit_operand_feed", "", "feed_start = 1; from_numerators = 1; softmaxes = 0", "a value product starts in front of its softmax"},
	{"vit_tile_drain", "", "tile_valid = 1; active = 1", "a tile comes while one drains"},
	{"vit_tile_drain", "", "load = 1; on = 1; col_end = 0", "the op changes in front of its last column"},
	{"vit_tile_drain", "", "on = 1; m = 4; mt_1 = 3", "a row tile past the op's last"},
	{"vit_axi_read", "", "m_axi_rvalid = 1; held = 64", "a beat comes that the FIFO has no place for"},
	{"vit_axi_read", "", "beat_valid = 1; held = 0", "the flag of the FIFO's beats is not that of their count"},
	{"vit_axi_read", "", "room = 65", "more places are free than the FIFO has"},
	{"vit_axi_read", "", "m_axi_arvalid = 1; m_axi_araddr = 4088; m_axi_arlen = 1", "a burst crosses a page of 4 KiB"},
	{"vit_axi_write", "", "logit_valid = 1; logit_index = 10", "a logit past the last"},
	{"vit_axi_write", "", "start = 1; state = 2; halt = 0", "a result begins in another"},
	{"vit_axi_write", "", "m_axi_awvalid = 1; m_axi_awaddr = 4088; m_axi_awlen = 1", "a burst crosses a page of 4 KiB"},
	{"vit_stream_loader", ".SEGMENTS(5), .SEGMENT_INDEX_BITS(3), .AHEAD_SEGMENTS(2)", "pc = 5", "a segment past the last"},
	{"vit_stream_loader", "", "tile_free = 1; tiles_used = 0", "weights are given back that are not there"},
	{"vit_stream_loader", "", "image_free = 1; image_used = 0", "a buffer is given back that is not in use"},
	{"vit_stream_loader", "", "bias_free = 1; bias_used = 0", "a head's biases are given back that are not there"},
	{"vit_unit_control", "", "norm_loaded = 1; norm_full = 1", "a buffer is filled that is full"},
	{"vit_unit_control", "", "start_norm = 1; norm_running = 1", "a LayerNorm starts in another"},
	{"vit_unit_control", "", "start_patches = 1; patches_running = 1", "patches start in others"},
	{"vit_unit_control", "", "start_pool = 1; pool_running = 1", "the pool starts in another"},
	{"vit_unit_control", "", "start_regroup = 1; regrouping = 1", "rows are moved while others are"},
	{"vit_softmax", "", "take = 1; pending = 1; busy = 1", "a row tile's scores come while one waits"},
	{"vit_softmax", "", "take = 1; waiting = 4", "a row tile's scores come while four wait"},
	{"vit_softmax", "", "score_valid = 1; score_group = 17", "a group of scores past the last"},
	{"vit_softmax", "", "load_divide = 1; divide = 1", "a division begins in another"},
	{"vit_layernorm", "", "start = 1; state = 4", "a LayerNorm starts in another"},
	{"vit_layernorm", "", "state = 4; tile = 3; tiles_1 = 2", "a row tile past the op's last"},
	{"vit_column_packer", "", "in_valid = 1; in_slot = 2", "a column past the end of its word"},
	{"vit_row_regroup", "", "start = 1; run = 1", "rows are moved while others are"},
	{"vit_row_regroup", ".MOVES(60)", "run = 1; entry = 60", "an entry past the end of the table of moved rows"},
	{"vit_score_bias", "", "we = 1; windex = 64", "a word of biases past the end of its bank"},
	{"vit_score_bias", ".BIAS_WORDS(60)", "in_valid = 1; address = 120", "scores past the biases of both banks"},
	{"vit_patch_gather", "", "start = 1; run = 1", "patches start in others"},
	{"vit_patch_gather", ".IMAGE_ADDR_BITS(4)", "we = 1; waddr = 8", "a beat past the end of the image"},
	{"vit_token_pool", "", "start = 1; draining = 1", "a row is pooled in another"},
	{"vit_token_pool", ".CHANNELS(60)", "valid = 1; group_in = 60", "channels past the last"},
	{"vit_activation_buffers", "", "norm_valid = 1; code_valid = 1; code_to = 0", "two write X in a cycle"},
	{"vit_activation_buffers", "", "pool_valid = 1; norm_valid = 1", "the pool and another write X in a cycle"},
	{"vit_activation_buffers", "", "patch_valid = 1; code_valid = 1; code_to = 1", "two write Q in a cycle"},
	{"vit_activation_buffers", "", "x_we = 1; x_waddr = 65535", "a word past the end of X"},
	{"vit_activation_buffers", "", "q_we = 1; q_waddr = 65535", "a word past the end of Q"},
	{"vit_token_scales", "", "tile_valid = 1; put = 3; get = 3", "columns leave whose powers were never put"},
	{"vit_token_scales", "", "beats_done = 1; put = 3; get = 4", "more tiles are in the array than powers can wait for"},
	{"vit_token_scales", "", "norm_valid = 1; to_x = 1", "LayerNorm and a value product make columns for X in a cycle"},
	{"vit_weight_buffer", "", "weight_we = 1; word_index = 65535", "a word past the end of a bank of weights"},
	{"vit_weight_buffer", "", "weight_we = 1; weight_bank = 3", "weights for a bank that is not there"},
	{"vit_key_value_buffers", "", "key_we = 1; key_waddr = 65535", "a word past the end of K"},
	{"vit_key_value_buffers", "", "value_we = 1; value_waddr = 65535", "a word past the end of V"},
	{"vit_key_value_buffers", "", "value_we = 1; value_group = 255", "a group of channels past the last of V"},
	{"vit_residual_stream", "", "pos_we = 1; add = 1", "two write the residual stream in a cycle"},
	{"vit_residual_stream", "", "add = 1; res_waddr = 65535", "a word past the end of the residual stream"},
	{"vit_residual_stream", ".ROW_TILES(3), .ROW_INDEX_BITS(2)", "add = 1; out_row = 3", "a row tile past the last"},
	{"vit_residual_stream", ".ROW_TILES(3), .ROW_INDEX_BITS(2)", "reading_sums = 1; sums_row = 3", "the sums of a row tile past the last"},
}

// illegal has each check of a parameter once.
var illegal = []fault{
	{"vit_ram", ".DEPTH(9), .ADDR_BITS(3)", "", "DEPTH_needs_more_bits_than_ADDR_BITS"},
	{"vit_ram", ".LATENCY(3)", "", "LATENCY_is_not_1_or_2"},
	{"vit_sequencer", ".STEPS(17), .STEP_INDEX_BITS(4)", "", "STEPS_needs_more_bits_than_STEP_INDEX_BITS"},
	{"vit_array_feeder", ".WEIGHT_BANKS(3)", "", "WEIGHT_BANKS_is_not_1_2_or_4"},
	{"vit_array_feeder", ".WEIGHT_DEPTH(40000)", "", "WEIGHT_DEPTH_needs_more_bits_than_ADDR_BITS"},
	{"vit_array_feeder", ".KEY_SEGMENTS(4), .KEY_SEGMENT_INDEX_BITS(1)", "", "KEY_SEGMENTS_needs_more_bits_than_KEY_SEGMENT_INDEX_BITS"},
	{"vit_tile_drain", ".VECTOR_COLUMNS(200)", "", "VECTOR_COLUMNS_is_not_1_to_128"},
	{"vit_axi_read", ".BUS_BITS(48)", "", "BUS_BITS_is_no_power_of_two_from_32_on"},
	{"vit_axi_read", ".BURST_BEATS(24), .FIFO_BEATS(64)", "", "BURST_BEATS_is_no_power_of_two_up_to_256"},
	{"vit_axi_read", ".BURST_BEATS(64), .BUS_BITS(512), .FIFO_BEATS(128)", "", "BURST_BEATS_is_more_than_half_a_page"},
	{"vit_axi_read", ".FIFO_BEATS(24)", "", "FIFO_BEATS_is_no_power_of_two_of_two_bursts_or_more"},
	{"vit_axi_read", ".STREAM_BEATS(8), .STREAM_HEAD_BEATS(8)", "", "STREAM_HEAD_BEATS_is_not_within_the_stream"},
	{"vit_axi_write", ".BUS_BITS(48), .CLASSES(5)", "", "BUS_BITS_is_no_power_of_two_from_32_on"},
	{"vit_axi_write", ".BURST_BEATS(24)", "", "BURST_BEATS_is_no_power_of_two_up_to_256"},
	{"vit_axi_write", ".BURST_BEATS(64), .BUS_BITS(512)", "", "BURST_BEATS_is_more_than_half_a_page"},
	{"vit_axi_write", ".CLASSES(11)", "", "RESULT_BEATS_do_not_hold_CLASSES_logits"},
	{"vit_axi_write", ".RESULT_BEATS(9)", "", "RESULT_BEATS_needs_more_bits_than_RESULT_INDEX_BITS"},
	{"vit_stream_loader", ".STREAM_WORD_BITS(100)", "", "STREAM_WORD_BITS_is_no_multiple_of_BUS_BITS"},
	{"vit_stream_loader", ".SEGMENTS(9)", "", "SEGMENTS_needs_more_bits_than_SEGMENT_INDEX_BITS"},
	{"vit_stream_loader", ".AHEAD_SEGMENTS(8)", "", "AHEAD_SEGMENTS_is_not_within_SEGMENTS"},
	{"vit_stream_loader", ".WEIGHT_BANKS(3)", "", "WEIGHT_BANKS_is_not_1_2_or_4"},
	{"vit_softmax", ".VECTOR_COLUMNS(3)", "", "VECTOR_COLUMNS_is_no_power_of_two"},
	{"vit_softmax", ".KEYS(300)", "", "KEYS_needs_more_bits_than_SCORE_GROUP_INDEX_BITS"},
	{"vit_layernorm", ".CHANNELS(65), .CHANNEL_INDEX_BITS(7), .VECTOR_COLUMNS(2)", "", "CHANNELS_is_no_multiple_of_VECTOR_COLUMNS"},
	{"vit_layernorm", ".WAIT_CYCLES(16)", "", "WAIT_CYCLES_is_more_than_15"},
	{"vit_layernorm", ".CHANNELS(1024)", "", "CHANNELS_needs_more_bits_than_CHANNEL_INDEX_BITS"},
	{"vit_column_packer", ".SLOTS(300)", "", "SLOTS_is_not_1_to_255"},
	{"vit_row_regroup", ".MOVES(65)", "", "MOVES_needs_more_bits_than_MOVE_INDEX_BITS"},
	{"vit_score_bias", ".BIAS_WORDS(65)", "", "BIAS_WORDS_needs_more_bits_than_ADDR_BITS"},
	{"vit_patch_gather", ".IMAGE_ADDR_BITS(2)", "", "BEATS_needs_more_bits_than_IMAGE_ADDR_BITS"},
	{"vit_patch_gather", ".CHUNK_VALUES(4)", "", "CHUNK_VALUES_cuts_a_row_of_a_patch"},
	{"vit_patch_gather", ".IMAGE_HEIGHT(9), .IMAGE_ADDR_BITS(4)", "", "PATCH_SIZE_does_not_divide_the_image"},
	{"vit_token_pool", ".CHANNELS(65), .CHANNEL_INDEX_BITS(7), .VECTOR_COLUMNS(2)", "", "CHANNELS_is_no_multiple_of_VECTOR_COLUMNS"},
	{"vit_token_pool", ".FIRST_TOKEN(17)", "", "FIRST_TOKEN_is_past_the_last_token"},
	{"vit_pe_array", ".TM(2), .TN(3), .VECTOR_COLUMNS(2)", "", "VECTOR_COLUMNS_does_not_divide_TN"},
	{"vit_pe_array", ".PACK_PRODUCTS(3), .TM(2), .TN(2)", "", "PACK_PRODUCTS_is_not_1_2_or_4"},
	{"vit_pe_array", ".PACK_PRODUCTS(2), .TM(2), .TN(3)", "", "TN_is_odd_where_products_are_packed"},
	{"vit_pe_array", ".PACK_PRODUCTS(4), .TM(1), .TN(2)", "", "TM_is_odd_where_four_products_are_packed"},
	{"vit_pe_array", ".PACK_PRODUCTS(2), .PACK_GROUP(4), .TM(2), .TN(2), .TK(2)", "", "PACK_GROUP_does_not_divide_TK"},
	{"vit_pe_array", ".PACK_PRODUCTS(2), .PACK_GROUP(2), .TM(2), .TN(2), .TK(2), .CASCADE(1), .EXTRA_CYCLES(1)", "", "EXTRA_CYCLES_is_less_than_a_cascade"},
	{"vit_pe_array", ".SUM_STEP(4), .TM(2), .TN(2), .TK(2)", "", "SUM_STEP_does_not_divide_TK"},
	{"vit_pe_array", ".PACK_PRODUCTS(2), .SUM_STEP(2), .TM(2), .TN(2), .TK(2)", "", "SUM_STEP_does_not_divide_TK"},
	{"vit_pe_array", ".SUM_STEP(2), .TM(2), .TN(4), .TK(4)", "", "EXTRA_CYCLES_is_less_than_SUM_STEP_asks_for"},
	{"vit_mixed_array", ".TM(2), .TN(2), .LUT_COLUMNS(2)", "", "LUT_COLUMNS_is_not_within_TN"},
	{"vit_mixed_array", ".TM(2), .TN(6), .LUT_COLUMNS(3), .VECTOR_COLUMNS(2)", "", "LUT_COLUMNS_is_no_multiple_of_VECTOR_COLUMNS"},
	{"vit_row_magnitudes", ".ROW_TILES(5)", "", "ROW_TILES_needs_more_bits_than_ROW_INDEX_BITS"},
	{"vit_row_sums", ".ROW_TILES(5)", "", "ROW_TILES_needs_more_bits_than_ROW_INDEX_BITS"},
	{"vit_row_sums", ".VECTOR_COLUMNS(3)", "", "VECTOR_COLUMNS_is_no_power_of_two"},
}

// checkedFolders are emitted RTL that has every module and every assertion among it.
func checkedFolders(t *testing.T) []string {
	t.Helper()
	mixed := variants(t)["mixed"]
	dir, _ := emitDigits(t, mixed.Numerics, mixed.Engine, 1, 1)
	m := tinyModel()
	m.Pool = configs.PoolAvg
	e := engine(2, 4, 2)
	d := configs.Design{Name: "pool", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: configs.Uniform(m, 8, 8), Engine: e}
	pooled, err := writeSeeded(t, m, d, 1)
	if err != nil {
		t.Fatal(err)
	}
	plain := tinyModel()
	d.Name, d.Numerics.Quantizer.TokenScales = "tokens", configs.DynamicScales
	tokens, err := writeSeeded(t, plain, d, 1)
	if err != nil {
		t.Fatal(err)
	}
	swin, design := swinPair(t, 1)
	return []string{filepath.Join(dir, "rtl"), filepath.Join(pooled, "rtl"), filepath.Join(tokens, "rtl"),
		filepath.Join(emitRandom(t, swin, design, 1, 1), "rtl")}
}

// told are what the modules of a folder have of a kind, as "module: text".
func told(t *testing.T, folders []string, kind *regexp.Regexp) []string {
	t.Helper()
	var all []string
	for _, dir := range folders {
		files, err := filepath.Glob(filepath.Join(dir, "*.sv"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range kind.FindAllStringSubmatch(string(text), -1) {
				all = append(all, strings.TrimSuffix(filepath.Base(f), ".sv")+": "+m[1])
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// named fails where the list of faults is not that of the RTL.
func named(t *testing.T, faults []fault, has []string) {
	t.Helper()
	for _, f := range faults {
		if !slices.Contains(has, f.module+": "+f.says) {
			t.Errorf("%s has no %q", f.module, f.says)
		}
	}
	for _, text := range has {
		if !slices.ContainsFunc(faults, func(f fault) bool { return f.module+": "+f.says == text }) {
			t.Errorf("no fault of the test brings about %q", text)
		}
	}
}

// TestAssertions forces what each assertion of the RTL excludes, and has Icarus stop with its text; without that
// the module runs on.
func TestAssertions(t *testing.T) {
	simulates(t)
	folders := checkedFolders(t)
	named(t, assertions, told(t, folders, regexp.MustCompile(`\$display\("%m: (.*)"\);`)))
	value := regexp.MustCompile(`= (\d+)`)
	done := map[int]bool{}
	for _, dir := range folders {
		var bench, forces strings.Builder
		var here []int
		for i, f := range assertions {
			if text, err := os.ReadFile(filepath.Join(dir, f.module+".sv")); err != nil || done[i] || !strings.Contains(string(text), f.says) {
				continue
			}
			done[i] = true
			here = append(here, i)
			fmt.Fprintf(&bench, "  %s #(%s) u%d (.aclk(aclk));\n", f.module, f.params, i)
			fmt.Fprintf(&forces, "    if ($test$plusargs(\"c%d_\")) begin\n", i)
			for _, force := range strings.Split("aresetn = 1; was_reset = 1; "+f.force, "; ") {
				fmt.Fprintf(&forces, "      force u%d.%s;\n", i, value.ReplaceAllString(force, "= 40'd$1"))
			}
			forces.WriteString("    end\n")
		}
		text := "module bench;\n  reg aclk = 0;\n  always #5 aclk = !aclk;\n" + bench.String() + "  initial begin\n" + forces.String() +
			"    #100 $display(\"nothing\");\n    $finish;\n  end\nendmodule\n"
		if err := os.WriteFile(filepath.Join(dir, "bench.v"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.sv"))
		if err != nil {
			t.Fatal(err)
		}
		args := append([]string{"-g2005", "-s", "bench", "-o", "bench.vvp", "bench.v"}, files...)
		if out, err := command(t, dir, "iverilog", args...); err != nil {
			t.Fatalf("%v\n%s", err, tail(out, 20))
		}
		for _, i := range append(here, -1) {
			out, _ := command(t, dir, "vvp", "-n", "bench.vvp", fmt.Sprintf("+c%d_", i))
			want := "nothing"
			if i >= 0 {
				want = fmt.Sprintf("bench.u%d: %s", i, assertions[i].says)
			}
			if !strings.Contains(out, want) || (i >= 0) == strings.Contains(out, "nothing") {
				t.Errorf("%q is not what it says: %s", want, tail(out, 5))
			}
		}
	}
}

// TestIllegalParameters has four readers refuse each parameter that a module cannot be had with, and name it.
func TestIllegalParameters(t *testing.T) {
	simulates(t)
	folders := checkedFolders(t)
	named(t, illegal, told(t, folders, regexp.MustCompile(`vit_\w+?_([A-Z]\w+) u_refused \(\);`)))
	script, err := filepath.Abs("testdata/slang.py")
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]bool{}
	for _, dir := range folders {
		var bench strings.Builder
		var here []fault
		for i, f := range illegal {
			if _, err := os.Stat(filepath.Join(dir, f.module+".sv")); err != nil || done[f.module+f.says] {
				continue
			}
			done[f.module+f.says] = true
			here = append(here, f)
			fmt.Fprintf(&bench, "  %s #(%s) u%d (.aclk(aclk));\n", f.module, f.params, i)
		}
		// The folder's own top, in place of which slang.py reads it.
		top := filepath.Join(dir, "vit_accel_top.sv")
		if err := os.WriteFile(top, []byte("module vit_accel_top(input wire aclk);\n"+bench.String()+"endmodule\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.sv"))
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Join(files, " ")
		for _, c := range [][]string{
			{"python3", script, dir, "--error-limit=0", "-Wno-unconnected-port"},
			append([]string{"iverilog", "-g2005", "-t", "null", "-s", "vit_accel_top"}, files...),
			append([]string{"verilator", "--lint-only", "-Wno-fatal", "-Wno-lint", "--error-limit", "1000", "--top-module", "vit_accel_top"}, files...),
			{"yosys", "-p", "read_verilog -sv -defer " + list + "; hierarchy -top vit_accel_top; stat"},
		} {
			out, err := exec.Command(c[0], c[1:]...).CombinedOutput()
			if err == nil && c[0] != "yosys" {
				t.Errorf("%s takes illegal parameters", c[0])
			}
			for _, f := range here {
				if !strings.Contains(string(out), f.module+"_"+f.says) {
					t.Errorf("%s does not name %s_%s", c[0], f.module, f.says)
				}
			}
		}
		out, err := exec.Command("yosys", "-q", "-p", "read_verilog -sv -defer "+list+"; hierarchy -check -top vit_accel_top").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "is not part of the design") {
			t.Errorf("yosys: %v\n%s", err, tail(string(out), 5))
		}
	}
}
