package verify

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/intnet"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

var (
	library      = flag.String("library", "^$", "regular `expression`: networks of libraries' files that are simulated")
	libraryTable = flag.String("library-table", "",
		"`file` into which the table of libraries' files goes, between its markers")
)

// The files are networks as timm and transformers save them, with what they compute; make_variants.py beside them made
// them. Each is read without a model file, from its safetensors and from what the exporters made of it; the float
// network is within 1e-4 of the library's, and the integer one follows it. Of those that -library names RTL and HLS are
// verified whole, once for all files that quantize to the same integers.
func TestLibraryFiles(t *testing.T) {
	t.Setenv("OPT", "-O0")
	folders, err := filepath.Glob("../../golden/floatref/testdata/variants/*")
	if err != nil || len(folders) < 42 {
		t.Fatalf("%d folders of variants, %v; expected at least 42", len(folders), err)
	}
	rows := []string{"| network | what it has | library | file | float, max difference | integer w8a8, " +
		"SQNR dB | RTL and HLS verified |", "|---|---|---|---|---|---|---|"}
	for _, dir := range folders {
		var done []simulated
		for _, file := range []string{"model.safetensors", "script.onnx", "dynamo.onnx", "simplified.onnx", "baked.onnx"} {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				continue
			}
			t.Run(filepath.Base(dir)+"/"+file, func(t *testing.T) {
				l := readLibraryFile(t, dir, file)
				rows = append(rows, l.row(t, file, l.verified(t, &done)))
			})
		}
	}
	if *libraryTable != "" && !t.Failed() {
		replaceTable(t, *libraryTable, strings.Join(rows, "\n"))
	}
}

// simulated is an integer network with what its simulation said.
type simulated struct {
	net  *intnet.Network
	said string
}

// libraryFile is a file of a library, read.
type libraryFile struct {
	model   configs.Model
	weights *checkpoint.Weights
	images  *dataset.Images
	logits  []float32
	net     *intnet.Network // W8A8
}

func readLibraryFile(t *testing.T, dir, file string) libraryFile {
	ck, err := checkpoint.Load(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	var l libraryFile
	if l.model, err = ck.Model(filepath.Base(dir), nil, nil); err != nil {
		t.Fatal(err)
	}
	if text, err := configs.MarshalModel(l.model, "a test"); err != nil {
		t.Errorf("the model's file: %v\n%s", err, text)
	}
	if l.weights, err = ck.ViT(l.model); err != nil {
		t.Fatal(err)
	}
	data, err := dataset.Load(filepath.Join(dir, "data.npz"))
	if err != nil {
		t.Fatal(err)
	}
	if l.images, err = data.Images("images"); err != nil {
		t.Fatal(err)
	}
	if l.logits, err = data.Floats("logits", l.model.Classes); err != nil {
		t.Fatal(err)
	}
	stats, err := quant.Calibrate(l.model, l.weights, l.images)
	if err != nil {
		t.Fatal(err)
	}
	if l.net, err = quant.Quantize(l.model, configs.Uniform(l.model, 8, 8), l.weights, stats); err != nil {
		t.Fatal(err)
	}
	return l
}

// row is the file's line of the table.
func (l *libraryFile) row(t *testing.T, file, verified string) string {
	r, err := measure.CompareReference(context.Background(), l.model, l.weights, l.images, l.logits, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !(r.Difference <= 1e-4) || r.Images != l.images.N {
		t.Errorf("%+v; expected a difference of at most 1e-4 in %d images", r, l.images.N)
	}
	library := "timm"
	if strings.HasPrefix(l.model.Name, "hf_") {
		library = "transformers"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.1e | %.0f | %s |",
		l.model.Name, libraryTraits(l.model), library, file, r.Difference, l.ratio(t), verified)
}

// verified emits the network, simulates RTL and HLS, and is what the table says of it.
func (l *libraryFile) verified(t *testing.T, done *[]simulated) string {
	if why := configs.OnEngine(network.MustCompile(l.model)); why != nil {
		return "golden only"
	}
	if !regexp.MustCompile(*library).MatchString(l.model.Name) {
		return "runs"
	}
	for _, s := range *done {
		if reflect.DeepEqual(s.net, l.net) {
			return "the same integers"
		}
	}
	d := smallDesign(t, l.model)
	part, err := configs.LoadPart(d.Part)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := plans.NewPlan(d, l.net, part)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := writePlan(t, plan, l.images, l.images.N, l.images.N)
	if err != nil {
		t.Fatal(err)
	}
	rep := mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1})
	checkCycles(t, rep)
	if err := agree(rep, mustVerifyHLS(t, dir), nil, nil); err != nil {
		t.Error(err)
	}
	said := fmt.Sprintf("%d elements, %d cycles", rep.Elements(), rep.MeasuredCycles)
	*done = append(*done, simulated{l.net, said})
	t.Logf("%s: %s", l.model.Name, said)
	return said
}

// smallDesign is the first of some small engines that is legal for a model.
func smallDesign(t *testing.T, m configs.Model) configs.Design {
	t.Helper()
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	for _, tn := range []int{4, 8, 2, 1} {
		for _, tk := range []int{2, 4, 1} {
			d := configs.Design{Name: "library", Model: m.Name, Part: part.Name, ClockMHz: 200,
				Numerics: configs.Uniform(m, 8, 8), Engine: engine(2, tn, tk)}
			if d.Validate(m, part) == nil {
				return d
			}
		}
	}
	t.Fatal("none of the small engines is legal")
	return configs.Design{}
}

// ratio is the signal to noise of the integer network on the images that it was calibrated on.
func (l *libraryFile) ratio(t *testing.T) float64 {
	float, err := measure.FloatLogits(context.Background(), l.model, l.weights, l.images, 2)
	if err != nil {
		t.Fatal(err)
	}
	got, err := measure.Evaluate(context.Background(), l.net, l.images, nil, float, 2)
	if err != nil || !(got.SQNR > 20) || math.IsInf(got.SQNR, 0) {
		t.Errorf("%+v, %v; expected more than 20 dB", got, err)
	}
	return got.SQNR
}

// libraryTraits are what a plain network of the family has not.
func libraryTraits(m configs.Model) string {
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
	add(m.Pool == configs.PoolMap, "attention pooling")
	add(m.QKNorm, "q/k norm")
	add(m.Rope != "", "RoPE")
	add(m.RelativePositions, "relative positions")
	add(m.Gated, "gated MLP")
	add(m.MLPNorm, "norm in the MLP")
	add(m.Features, "features")
	if list == nil {
		return "-"
	}
	return strings.Join(list, ", ")
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
