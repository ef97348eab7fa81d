package checkpoint

import (
	"math"
	"strings"
	"testing"

	"vitdse/configs"
)

// TestConfigIsTakenOrRefused changes one key of a config.json: each is taken as a fact that contradicts the model, or
// refused by its name, but never left aside.
func TestConfigIsTakenOrRefused(t *testing.T) {
	model := configs.Model{Name: "m", Family: configs.ViT, Patch: 8, Dim: 64, Depth: 2, Heads: 2, MLPRatio: 4, Classes: 10,
		LayerNormEps: 1e-6, Activation: configs.GELU,
		Image: configs.ImageShape{Height: 32, Width: 32, Channels: 3}, Mean: []float64{0.5}, Std: []float64{0.5}}
	c := &Checkpoint{entries: map[string]entry{"cls_token": {}, "blocks.0.attn.qkv.bias": {},
		"blocks.0.attn.proj.bias": {}, "blocks.0.attn.query.bias": {}}}
	for _, test := range []struct{ edit, want string }{
		{`"act_layer": 3`, "expected its name"}, {`"act_layer": "mish"`, "the activation is mish"},
		{`"act_layer": "silu"`, "contradicts"}, {`"act_layer": "gelu_tanh"`, "contradicts"},
		{`"norm_layer": {"eps": 1e-5}`, "expected its name"}, {`"norm_layer": "batchnorm2d"`, "only LayerNorm"},
		{`"norm_layer": "rmsnorm"`, "RMSNorm"},
		{`"init_values": 1e-5`, "no tensor blocks.N.ls1.gamma"}, {`"init_values": null`, ""},
		{`"pre_norm": true`, "contradicts"}, {`"fc_norm": true`, "contradicts"},
		{`"class_token": false`, "contradicts"}, {`"reg_tokens": 4`, "contradicts"}, {`"reg_tokens": 0`, ""},
		{`"qkv_bias": false`, "has blocks.0.attn.qkv.bias"},
		{`"qkv_bias": true`, ""}, {`"proj_bias": false`, "has blocks.0.attn.proj.bias"},
		{`"pos_embed": "none"`, "without position embeddings"},
		{`"rope": "axial"`, "not known"}, {`"attn_scale": 0.3`, "not known"}, {`"mlp_ratio": 2`, "contradicts"},
		{`"mlp_ratio": 4.0`, ""},
		{`"patch_size": [8, 4]`, "not square"}, {`"patch_size": [8, 8]`, ""},
		{`"embed_dim": "64"`, "expected a whole number"}, {`"embed_dim": 64.5`, "expected a whole number"},
		{`"drop_rate": 0.1`, ""}, {`"qk_norm": true`, "no tensor blocks.N.attn.q_norm"},
		{`"swiglu_mlp": true`, "contradicts"}, {`"scale_mlp": true`, "no tensor blocks.N.mlp.norm"},
		{`"final_norm": false`, "last norm"}, {`"global_pool": false`, "expected its name"},
	} {
		t.Run(test.edit, func(t *testing.T) {
			configHas(t, c, model, `{"architecture": "unknown", "model_args": {`+test.edit+`}}`, test.want)
		})
	}
	for _, test := range []struct{ edit, want string }{
		{`"hidden_act": 3`, "expected its name"}, {`"hidden_act": "mish"`, "the activation is mish"},
		{`"hidden_act": "swish"`, "contradicts"},
		{`"use_swiglu_ffn": true`, "contradicts"}, {`"hidden_size": 32`, "contradicts"},
		{`"hidden_size": "64"`, "expected a whole number"}, {`"patch_size": [8, 4]`, "not square"},
		{`"layer_norm_eps": "1e-6"`, "expected a number"},
		{`"layer_norm_eps": 1e-12`, "contradicts"}, {`"qkv_bias": false`, "has blocks.0.attn.query.bias"},
		{`"intermediate_size": 128`, "contradicts"},
		{`"num_register_tokens": 4`, "contradicts"}, {`"image_size": 64`, "contradicts"}, {`"num_hidden_layers": 2`, ""},
		{`"architectures": []`, ""}, {`"architectures": ["ViTForMaskedImageModeling"]`, "not a class that is known"},
	} {
		t.Run(test.edit, func(t *testing.T) {
			configHas(t, c, model, `{"model_type": "vit", `+test.edit+`}`, test.want)
		})
	}
}

// configHas wants an error with these words, or none, of a config.json and a model.
func configHas(t *testing.T, c *Checkpoint, m configs.Model, text, want string) {
	t.Helper()
	var err error
	if c.config, err = parseSettings([]byte(text)); err != nil {
		t.Fatal(err)
	}
	facts, err := c.facts()
	got := ""
	if err != nil {
		got = err.Error()
	}
	for _, f := range facts {
		if was := settle(&m, f); was != "" {
			got += "contradicts: " + f.key
		}
	}
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("%s: %q; expected %q", text, got, want)
	}
}

// An MLP is gated where its first layer has two weights, or twice the rows that the second reads.
func TestGated(t *testing.T) {
	const fc1, fc2, gate = "a.blocks.0.mlp.fc1.weight", "a.blocks.0.mlp.fc2.weight", "a.blocks.0.mlp.fc1_g.weight"
	for name, c := range map[string]struct {
		entries map[string]entry
		want    bool
	}{
		"plain":       {map[string]entry{fc1: {Shape: []int{96, 32}}, fc2: {Shape: []int{32, 96}}}, false},
		"joint":       {map[string]entry{fc1: {Shape: []int{192, 32}}, fc2: {Shape: []int{32, 96}}}, true},
		"apart":       {map[string]entry{gate: {}, "a.blocks.0.mlp.fc1_x.weight": {}, fc2: {}}, true},
		"other block": {map[string]entry{"a.blocks.1.mlp.fc1.weight": {Shape: []int{192, 32}}}, false},
		"no fc2":      {map[string]entry{fc1: {Shape: []int{192, 32}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&Checkpoint{entries: c.entries}).gated(); got != c.want {
				t.Errorf("gated is %v; expected %v", got, c.want)
			}
		})
	}
}

// A tensor that takes no part in the network is left out under its own name alone.
func TestIgnored(t *testing.T) {
	l := layout{c: &Checkpoint{entries: map[string]entry{"weights": {}}}, prefix: "backbone."}
	for name, want := range map[string]bool{
		"backbone.mask_token": true, "backbone.embeddings.mask_token": true, "backbone.blocks.0.mask_token": false,
		"backbone.layers.0.blocks.1.attn_mask": true, "position_ids": true, "backbone.my_position_ids": false,
		"criterion.weight": true, "n_averaged": true, "backbone.criterion.weight": false, "val_acc.total": true,
		"backbone.pos_embed": false, "text_model.final_layer_norm.weight": false,
	} {
		if got := l.ignored(name, configs.Model{}); got != want {
			t.Errorf("%s is ignored: %v; expected %v", name, got, want)
		}
	}
}

// Matrices that turn checkpoints are orthogonal; those of the residual stream keep a row's mean.
func TestTurnsAreOrthogonal(t *testing.T) {
	for name, q := range map[string][]float64{"spreading 16": Spreading(16), "spreading 24": Spreading(24),
		"mean keeping": meanKeeping(20)} {
		n := int(math.Sqrt(float64(len(q))))
		for i := range n {
			sum := 0.0
			for j := range n {
				dot := 0.0
				for k := range n {
					dot += q[i*n+k] * q[j*n+k]
				}
				want := 0.0
				if i == j {
					want = 1
				}
				if math.Abs(dot-want) > 1e-12 {
					t.Errorf("%s: rows %d and %d have product %g; expected %g", name, i, j, dot, want)
				}
				sum += q[i*n+j]
			}
			if name == "spreading 16" && (q[i] != 0.25 || q[i*n] != 0.25) {
				t.Errorf("%s: row and column %d begin with %g and %g; expected 0.25 in Sylvester's", name, i, q[i*n], q[i])
			}
			if name != "spreading 16" && math.Abs(sum-1) > 1e-12 {
				t.Errorf("%s: row %d sums up to %g; expected 1", name, i, sum)
			}
		}
	}
}

// Names of layers that differ in their block alone are said once.
func TestRanges(t *testing.T) {
	for want, names := range map[string][]string{
		"head":                                {"head"},
		"norm|blocks.0-2.mlp.fc1":             {"norm", "blocks.0.mlp.fc1", "blocks.1.mlp.fc1", "blocks.2.mlp.fc1"},
		"blocks.0,3-4.norm1|blocks.1.mlp.fc2": {"blocks.0.norm1", "blocks.3.norm1", "blocks.1.mlp.fc2", "blocks.4.norm1"},
	} {
		t.Run(want, func(t *testing.T) {
			if got := strings.Join(ranges(names), "|"); got != want {
				t.Errorf("%q", got)
			}
		})
	}
}
