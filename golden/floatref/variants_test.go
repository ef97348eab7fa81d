package floatref_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/floatref"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// table is the file into which the table of variants goes, between its markers; empty for none.
var table = os.Getenv("VITDSE_VARIANTS_TABLE")

// The variants are networks as timm and transformers save them, with what they compute;
// testdata/make_variants.py made them. Each is read without a model file, from its safetensors and
// from what the exporters made of it; the float network is within 1e-4 of the library's, and the
// integer one follows it.
func TestVariantsMatchTheLibraries(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("testdata", "variants", "*"))
	if err != nil || len(folders) < 27 {
		t.Fatalf("%d folders of variants, %v; expected at least 27", len(folders), err)
	}
	rows := []string{"| network | what it has | file | float, max difference | integer w8a8, SQNR dB | engine |", "|---|---|---|---|---|---|"}
	for _, dir := range folders {
		for _, file := range []string{"model.safetensors", "script.onnx", "dynamo.onnx", "simplified.onnx", "baked.onnx"} {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				continue
			}
			t.Run(filepath.Base(dir)+"/"+file, func(t *testing.T) {
				rows = append(rows, variant(t, dir, file))
			})
		}
	}
	if table != "" && !t.Failed() {
		replaceTable(t, table, strings.Join(rows, "\n"))
	}
}

// variant reads and compares one file, and returns its line of the table.
func variant(t *testing.T, dir, file string) string {
	ck, err := checkpoint.Load(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ck.Model(filepath.Base(dir), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := configs.MarshalModel(m, "a test"); err != nil {
		t.Errorf("the model's file: %v\n%s", err, text)
	}
	w, err := ck.ViT(m)
	if err != nil {
		t.Fatal(err)
	}
	data, err := dataset.Load(filepath.Join(dir, "data.npz"))
	if err != nil {
		t.Fatal(err)
	}
	images, err := data.Images("images")
	if err != nil {
		t.Fatal(err)
	}
	logits, err := data.Floats("logits", m.Classes)
	if err != nil {
		t.Fatal(err)
	}
	r, err := measure.CompareReference(context.Background(), m, w, images, logits, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !(r.Difference <= 1e-4) || r.Images != images.N {
		t.Errorf("%+v; expected a difference of at most 1e-4 in %d images", r, images.N)
	}
	return fmt.Sprintf("| %s | %s | %s | %.1e | %.0f | %s |", m.Name, traits(m), file, r.Difference, ratioOf(t, m, w, images), onEngine(m))
}

// ratioOf is the signal to noise of the integer network on the images that it was calibrated on.
func ratioOf(t *testing.T, m configs.Model, w *checkpoint.Weights, images *dataset.Images) float64 {
	stats, err := quant.Calibrate(m, w, images)
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Quantize(m, configs.Uniform(m, 8, 8), w, stats)
	if err != nil {
		t.Fatal(err)
	}
	float, err := measure.FloatLogits(context.Background(), m, w, images, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := measure.Evaluate(context.Background(), net, images, nil, float, 2)
	if err != nil || !(got.SQNR > 20) || math.IsInf(got.SQNR, 0) {
		t.Errorf("%+v, %v; expected more than 20 dB", got, err)
	}
	return got.SQNR
}

// traits are what a plain network of the family has not.
func traits(m configs.Model) string {
	var list []string
	add := func(is bool, what string) {
		if is {
			list = append(list, what)
		}
	}
	add(m.Family != configs.ViT, string(m.Family))
	add(m.ActivationOf() != configs.GELU, string(m.ActivationOf()))
	add(m.NoClassToken, "no class token")
	add(m.Registers == 1, "1 register")
	add(m.Registers > 1, fmt.Sprintf("%d registers", m.Registers))
	add(m.PreNorm, "norm in front")
	add(m.Pools(), string(m.Pool)+" pooling")
	add(m.FCNorm, "fc_norm")
	add(m.Features, "features")
	if list == nil {
		return "-"
	}
	return strings.Join(list, ", ")
}

func onEngine(m configs.Model) string {
	if configs.OnEngine(network.MustCompile(m)) != nil {
		return "refused"
	}
	return "runs"
}

func replaceTable(t *testing.T, file, text string) {
	const begin, end = "<!-- variants: begin -->\n", "<!-- variants: end -->"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	from, to := strings.Index(string(old), begin), strings.Index(string(old), end)
	if from < 0 || to < from {
		t.Fatalf("%s has no markers %q and %q", file, begin, end)
	}
	if err := os.WriteFile(file, []byte(string(old[:from])+begin+text+"\n"+string(old[to:])), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Networks that are not carried are refused by what they have, whether a model is made of them or given.
func TestVariantsRefused(t *testing.T) {
	for name, want := range map[string]string{
		"timm_eva02": "RoPE", "timm_dinov3": "RoPE", "timm_qk_norm": "q/k norm", "timm_siglip": "attention pooling", "timm_beit": "relative position bias",
		"timm_avgmax": "pooling is avgmax", "timm_silu": "activation is silu",
		"hf_beit": "relative position bias", "hf_dinov3": "RoPE", "hf_dinov2_head": "side by side", "hf_siglip_tower": "attention pooling",
		"hf_clip_head": "in front of no norm", "hf_vit_pooler": "pooler",
	} {
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
		plain := configs.Model{Name: "plain", Family: configs.ViT, Image: configs.ImageShape{Height: 12, Width: 12, Channels: 3}, Patch: 4, Dim: 16, Depth: 1,
			Heads: 2, MLPRatio: 2.5, Classes: 5, LayerNormEps: 1e-12, Mean: mean, Std: mean}
		if m, err = ck.Complete(plain); err == nil {
			_, err = ck.ViT(m)
		}
		said(t, name+", as a plain network", err, "", path)
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
	} {
		f := floatref.ActivationOf(configs.Model{Activation: a})
		for i, x := range []float64{-1, 0.5, 3} {
			if got := f(x); math.Abs(got-want[i]) > 1e-6 {
				t.Errorf("%s(%g) is %.8f; expected %.8f", a, x, got, want[i])
			}
		}
	}
}
