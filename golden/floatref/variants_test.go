package floatref_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/floatref"
)

// Networks that are not carried are refused by what they have, whether a model is made of them or given.
func TestVariantsRefused(t *testing.T) {
	for name, want := range map[string]string{
		"timm_beit_shared": "a relative position bias that all blocks share",
		"timm_avgmax":      "pooling is avgmax",
		"hf_beit_shared":   "a relative position bias that all blocks share", "hf_dinov2_head": "side by side",
		"hf_clip_head": "in front of no norm", "hf_vit_pooler": "pooler",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", "refused", name, "model.safetensors")
			ck, err := checkpoint.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			mean := []float64{0.5, 0.5, 0.5}
			m, err := ck.Model(name, mean, mean)
			if err == nil {
				_, err = ck.ViT(m)
			}
			said(t, name, err, want, path)
			plain := configs.Model{Name: "plain", Family: configs.ViT,
				Image: configs.ImageShape{Height: 12, Width: 12, Channels: 3}, Patch: 4, Dim: 16, Depth: 1,
				Heads: 2, MLPRatio: 2.5, Classes: 5, LayerNormEps: 1e-12, Mean: mean, Std: mean}
			if m, err = ck.Complete(plain); err == nil {
				_, err = ck.ViT(m)
			}
			said(t, name+", as a plain network", err, "", path)
		})
	}
}

func said(t *testing.T, name string, err error, texts ...string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: is not refused", name)
	case slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(err.Error(), s) }):
		t.Errorf("%s: error is\n%v\nexpected %q in it", name, err, texts)
	case strings.Count(err.Error(), "\n") > 4:
		t.Errorf("%s: the error has more than five lines:\n%v", name, err)
	}
}

// Activations by their definitions.
func TestActivations(t *testing.T) {
	for a, want := range map[configs.Activation][3]float64{ // at -1, 0.5, 3; PyTorch 2.15
		"": {-0.15865526, 0.34573123, 2.99595022}, configs.GELUTanh: {-0.15880801, 0.34571400, 2.99636269},
		configs.QuickGELU: {-0.15420423, 0.35038844, 2.98192869}, configs.ReLU: {0, 0.5, 3},
		configs.SiLU: {-0.26894143, 0.31122968, 2.85772246},
	} {
		f := floatref.ActivationOf(configs.Model{Activation: a})
		for i, x := range []float64{-1, 0.5, 3} {
			if got := f(x); math.Abs(got-want[i]) > 1e-6 {
				t.Errorf("%s(%g) is %.8f; expected %.8f", a, x, got, want[i])
			}
		}
	}
}

// A Swin as timm's hub has it, whose config.json names an architecture and no arguments: windows and heads are those of
// its tables of relative positions.
func TestSwinWithoutArguments(t *testing.T) {
	from, to := filepath.Join("testdata", "variants", "timm_swin"), t.TempDir()
	want := modelIn(t, from)
	for _, name := range []string{"model.safetensors", "config.json"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "config.json" {
			var config map[string]any
			if err := json.Unmarshal(text, &config); err != nil {
				t.Fatal(err)
			}
			delete(config, "model_args")
			if text, err = json.Marshal(config); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got := modelIn(t, to); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v; expected %+v", got, want)
	}
}

func modelIn(t *testing.T, dir string) configs.Model {
	t.Helper()
	ck, err := checkpoint.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ck.Model("swin", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Networks of other families are named by a tensor of theirs.
func TestOtherNetworks(t *testing.T) {
	for tensor, want := range map[string]string{
		"layers.0.blocks.0.attn.logit_scale":                                                    "a Swin of version 2",
		"stages.0.blocks.0.attn.meta_mlp.fc1.weight":                                            "a Swin of version 2",
		"swinv2.encoder.layers.0.blocks.0.attention.self.continuous_position_bias_mlp.0.weight": "a Swin of version 2",
		"blocks_token_only.0.gamma_1":                                                           "a CaiT",
		"blocks.0.attn.rel_pos_h":                                                               "SAM's encoder",
	} {
		t.Run(tensor, func(t *testing.T) {
			header := fmt.Sprintf(`{"%s":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, tensor)
			path := filepath.Join(t.TempDir(), "model.safetensors")
			text := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header+"\x00\x00\x00\x00"...)
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
			ck, err := checkpoint.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = ck.Model("m", nil, nil)
			said(t, tensor, err, want, tensor, path)
		})
	}
}

// A table of relative positions that config.json or the model does not have is named, and so is one that is missing.
func TestRelativePositionsContradicted(t *testing.T) {
	read := func(dir string, change func(m *configs.Model)) error {
		ck, err := checkpoint.Load(filepath.Join("testdata", "variants", dir))
		if err != nil {
			t.Fatal(err)
		}
		m, err := ck.Model("m", []float64{0.5, 0.5, 0.5}, []float64{0.5, 0.5, 0.5})
		if err != nil {
			t.Fatal(err)
		}
		if change(&m); m.Validate() != nil {
			t.Fatal(m.Validate())
		}
		_, err = ck.ViT(m)
		return err
	}
	without := func(m *configs.Model) { m.RelativePositions, m.NoPosEmbed = false, false }
	said(t, "a model without", read("timm_beit", without), "relative position bias", "relative_position_bias_table")
	said(t, "a model with", read("timm_avg", func(m *configs.Model) { m.RelativePositions = true }),
		"has no blocks.0.attn.relative_position_bias_table; expected no relative_positions: true")
	from, to := filepath.Join("testdata", "variants", "hf_beit"), t.TempDir()
	for _, name := range []string{"model.safetensors", "config.json", "preprocessor_config.json"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.Replace(string(text), `"use_relative_position_bias": true`,
			`"use_relative_position_bias": false`, 1))
		if err := os.WriteFile(filepath.Join(to, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ck, err := checkpoint.Load(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ck.Model("m", nil, nil)
	said(t, "config.json without", err, "relative_positions is true in the model, false by config.json")
}
