package checkpoint

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// timmKeys are the whole numbers among the arguments of timm's classes, and the model's keys.
var timmKeys = []struct {
	theirs, ours string
}{{"embed_dim", "dim"}, {"depth", "depth"}, {"num_heads", "heads"}, {"patch_size", "patch"},
	{"in_chans", "image.channels"}, {"num_classes", "classes"}, {"window_size", "window"}}

// timmRefused are arguments of timm's classes that make another network, with the value at which they do not.
var timmRefused = []struct {
	key  string
	what string
}{{"rope_type", "rotary position embeddings (RoPE)"}, {"use_rot_pos_emb", "rotary position embeddings (RoPE)"},
	{"scale_attn_inner", "a norm inside of the attention"},
	{"scale_attn_norm", "a norm inside of the attention"},
	{"scale_mlp_norm", "a norm inside of the MLP that is not gated"},
	{"pool_include_prefix", "pooling over the tokens in front too"},
	{"use_shared_rel_pos_bias", "a relative position bias that all blocks share"}, {"block_fn", "another kind of block"},
	{"attn_layer", "another kind of attention"},
	{"mlp_layer", "another kind of MLP"}, {"embed_layer", "another patch embedding"}}

// timmKnown are the other arguments of timm's VisionTransformer, Beit and SwinTransformer: what the tensors show, or
// what changes nothing once the network is trained. With an argument that is not known it may be any network.
var timmKnown = strings.Fields(`
	mlp_ratio depths window_size qkv_bias proj_bias init_values class_token no_embed_class reg_tokens pre_norm qk_norm
	swiglu_mlp scale_mlp fc_norm final_norm pos_embed act_layer norm_layer global_pool img_size dynamic_img_size
	dynamic_img_pad strict_img_size always_partition patch_norm weight_init fix_init drop_rate pos_drop_rate
	patch_drop_rate proj_drop_rate attn_drop_rate drop_path_rate pretrained pretrained_cfg pretrained_cfg_overlay
	use_rel_pos_bias use_abs_pos_emb use_fc_norm head_init_scale
	checkpoint_path cache_dir scriptable exportable no_jit features_only out_indices use_checkpoint`)

// timmTensors are arguments whose tensors are there or not; those that begin with a dot are of blocks.
var timmTensors = []struct {
	key, tensor string
}{{"qkv_bias", ".attn.qkv.bias"}, {"proj_bias", ".attn.proj.bias"}, {"init_values", ".ls1.gamma"},
	{"qk_norm", ".attn.q_norm.weight"}, {"scale_mlp", ".mlp.norm.weight"},
	{"use_rel_pos_bias", ".attn.relative_position_bias_table"}, {"use_abs_pos_emb", "pos_embed"},
	{"use_fc_norm", "fc_norm.weight"}}

// checkArguments refuses arguments that are not known, are of another type or contradict the tensors.
func (s settings) checkArguments(c *Checkpoint) error {
	for _, key := range slices.Sorted(maps.Keys(s)) {
		at := fmt.Sprintf("config.json: model_args.%s is %v", key, s[key])
		whole := slices.ContainsFunc(timmKeys, func(k struct{ theirs, ours string }) bool { return k.theirs == key })
		known := whole || slices.Contains(timmKnown, key) ||
			slices.ContainsFunc(timmRefused, func(r struct{ key, what string }) bool { return r.key == key })
		if s[key] == nil {
			continue
		}
		switch list := s.numbers(key); {
		case !known:
			return fmt.Errorf("%s, an argument that is not known; it may make another network, which is not carried", at)
		case key == "patch_size" && len(list) > 1 && list[0] != list[len(list)-1]:
			return fmt.Errorf("%s: patches that are not square are not carried", at)
		case whole && (list == nil || slices.ContainsFunc(list, func(v float64) bool { return v != float64(int(v)) })):
			return fmt.Errorf("%s; expected a whole number", at)
		case (key == "act_layer" || key == "norm_layer" || key == "global_pool") && !s.isText(key):
			return fmt.Errorf("%s; expected its name", at)
		case key == "pos_embed" && (s.text(key) == "none" || s.text(key) == ""):
			return fmt.Errorf("%s: a network without position embeddings is not carried", at)
		}
	}
	for _, k := range timmTensors {
		v, given := s[k.key]
		if !given || v == nil {
			continue
		}
		i := slices.IndexFunc(c.Names(), func(n string) bool { return strings.HasSuffix(n, k.tensor) })
		n, number := s.number(k.key)
		on := s.is(k.key, true) || number && n != 0
		switch {
		case on && i < 0:
			tensor := k.tensor
			if tensor[0] == '.' {
				tensor = "blocks.N" + tensor
			}
			return fmt.Errorf("config.json: model_args.%s is %v, and the checkpoint has no tensor %s", k.key, v, tensor)
		case !on && i >= 0:
			return fmt.Errorf("config.json: model_args.%s is %v, and the checkpoint has %s", k.key, v, c.Names()[i])
		}
	}
	return nil
}

func (s settings) isText(key string) bool { _, ok := s[key].(string); return ok }

// timm reads a config.json that timm wrote: model_args where it has them, and what the architecture's
// entry point gives.
func (s settings) timm(c *Checkpoint) ([]fact, error) {
	args := s.object("model_args")
	name := s.text("architecture")
	arch, known := architectures()[name]
	if known && arch.unlike != "" && arch.unlike != gatedMLP {
		return nil, fmt.Errorf("config.json: architecture %s has %s, which is not carried", name, arch.unlike)
	}
	for _, r := range timmRefused {
		if v, ok := args[r.key]; ok && v != nil && v != false && v != "none" && v != "" {
			return nil, fmt.Errorf("config.json: model_args.%s is %v: %s is not carried", r.key, v, r.what)
		}
	}
	if err := args.checkArguments(c); err != nil {
		return nil, err
	}
	if args.is("final_norm", false) {
		return nil, fmt.Errorf("config.json: model_args.final_norm is false: a network without last norm is not carried")
	}
	var list []fact
	for _, k := range timmKeys {
		if v, ok := args.whole(k.theirs); ok && !(k.ours == "classes" && v == 0) {
			list = append(list, fact{k.ours, v, "config.json: model_args." + k.theirs})
		}
	}
	for _, k := range []struct{ theirs, ours string }{{"depths", "depths"}, {"num_heads", "stage_heads"}} {
		if v := args.numbers(k.theirs); len(v) > 1 {
			list = append(list, fact{k.ours, v, "config.json: model_args." + k.theirs})
		}
	}
	for _, k := range []struct {
		theirs, ours string
		inverted     bool
	}{{"class_token", "no_class_token", true}, {"pre_norm", "pre_norm", false}, {"fc_norm", "fc_norm", false},
		{"qk_norm", "qk_norm", false}} {
		if v, ok := args[k.theirs].(bool); ok {
			list = append(list, fact{k.ours, v != k.inverted, "config.json: model_args." + k.theirs})
		}
	}
	gated, said := args["swiglu_mlp"].(bool)
	if arch.unlike == gatedMLP {
		gated, said = true, true
	}
	if said {
		list = append(list, fact{"gated", gated, "config.json: model_args.swiglu_mlp, or its architecture"})
	}
	if t, ok := readTurns(arch.rope); ok {
		list = append(list, fact{"rope", t, "config.json: architecture " + name})
	}
	if v, ok := args.whole("reg_tokens"); ok {
		list = append(list, fact{"registers", v, "config.json: model_args.reg_tokens"})
	}
	if v, ok := args.number("mlp_ratio"); ok {
		list = append(list, fact{"mlp_ratio", v, "config.json: model_args.mlp_ratio"})
	}
	list = append(list, s.timmImage(args)...)
	more, err := s.timmFunctions(c, args, arch, known)
	if err != nil {
		return nil, err
	}
	return append(list, more...), nil
}

// gatedMLP is how timmTable says that of a VisionTransformer, the gate in front of the value.
const gatedMLP = "SwiGLU (a gated MLP)"

// gated says whether the MLP of the first block of a network of timm's is gated: its first layer has two weights, or
// twice the rows that the second reads.
func (c *Checkpoint) gated() bool {
	for n, e := range c.entries {
		if strings.HasSuffix(n, "blocks.0.mlp.fc1_g.weight") {
			return true
		}
		if p, ok := strings.CutSuffix(n, "blocks.0.mlp.fc1.weight"); ok && len(e.Shape) == 2 {
			fc2 := c.entries[p+"blocks.0.mlp.fc2.weight"].Shape
			return len(fc2) == 2 && e.Shape[0] == 2*fc2[1]
		}
	}
	return false
}

// timmImage is the size of the input.
func (s settings) timmImage(args settings) []fact {
	size, from := args.numbers("img_size"), "config.json: model_args.img_size"
	if size == nil {
		if in := s.object("pretrained_cfg").numbers("input_size"); len(in) == 3 {
			size, from = in[1:], "config.json: pretrained_cfg.input_size"
		}
	}
	if len(size) == 0 {
		return nil
	}
	return []fact{{"image.height", int(size[0]), from}, {"image.width", int(size[len(size)-1]), from}}
}

// timmFunctions are activation, eps, pooling and, where only the architecture says it, the heads.
func (s settings) timmFunctions(c *Checkpoint, args settings, arch architecture, known bool) ([]fact, error) {
	var list []fact
	from := "config.json: architecture " + s.text("architecture")
	if arch.class == "Eva" && c.gated() { // whatever act_layer is
		list = append(list, fact{"activation", "silu", from})
	} else if a := args.text("act_layer"); a != "" {
		f, err := activation(a, "config.json: model_args.act_layer")
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	} else if known {
		f, err := activation(arch.activation, from)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	switch norm := strings.ToLower(args.text("norm_layer")); {
	case strings.Contains(norm, "rms"):
		return nil, fmt.Errorf("config.json: model_args.norm_layer is %s: RMSNorm is not carried", norm)
	case norm != "" && !strings.Contains(norm, "layernorm"):
		return nil, fmt.Errorf("config.json: model_args.norm_layer is %s: only LayerNorm is carried", norm)
	case norm == "" && known:
		list = append(list, fact{"layer_norm_eps", arch.eps, from})
	}
	if _, given := args["num_heads"]; !given && known {
		if h, err := strconv.Atoi(arch.heads); err == nil {
			list = append(list, fact{"dim", arch.dim, from}, fact{"heads", h, from})
		}
	}
	pool, at := args.text("global_pool"), "config.json: model_args.global_pool"
	if _, given := args["global_pool"]; !given {
		if pool, at = s.text("global_pool"), "config.json: global_pool"; pool == "" && known {
			pool, at = arch.pool, from
		}
	}
	if !known && pool == "" || arch.class == "SwinTransformer" || len(args.numbers("depths")) > 1 {
		return list, nil
	}
	f, err := pooling(pool, at)
	return append(list, f), err
}

func pooling(name, from string) (fact, error) {
	switch name {
	case "token", "avg", "max", "map":
		return fact{"pool", name, from}, nil
	case "":
		return fact{}, fmt.Errorf("there is no pooling (%s), so that the result is one of every token, which is not carried",
			from)
	}
	return fact{}, fmt.Errorf("the pooling is %s (%s); carried are token, avg, max and map", name, from)
}
