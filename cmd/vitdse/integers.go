package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/layers"
	"vitdse/cmd/vitdse/progress"
	"vitdse/configs"
	"vitdse/emit"
	"vitdse/golden/intnet"
	"vitdse/golden/measure"
)

// given is an integer network that came in from a file: it is what it is, and nothing is quantized.
type given struct {
	net  *intnet.Network
	file string
}

// isNetwork says whether a path is that of an integer network, as vitdse export writes it.
func isNetwork(path string) bool { return filepath.Ext(path) == ".npz" }

// loadIntegers reads an integer network in the place of a checkpoint.
func loadIntegers(model configs.Model, file string) (*trained, error) {
	net, _, err := readNetwork(file)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(model, net.Model) {
		return nil, fmt.Errorf("%s is of model %s, which is not the run's model %s key by key; "+
			"give the network as the model, too: --model %s",
			file, net.Model.Name, model.Name, file)
	}
	return &trained{model: model, integers: &given{net, file}}, nil
}

// needFloat refuses an integer network where the float one is needed.
func (n *trained) needFloat() error {
	if n.integers == nil {
		return nil
	}
	return fmt.Errorf("%s is an integer network, of which no bits can be chosen anymore; "+
		"expected the float checkpoint (emit, eval and export take the integer one)",
		n.integers.file)
}

// has says whether the network has the numerics of a design, and if not where they differ.
func (g *given) has(num configs.Numerics) error {
	have := g.net.Numerics
	have.Quantizer, num.Quantizer = have.Quantizer.Normal(), num.Quantizer.Normal()
	if reflect.DeepEqual(have, num) {
		return nil
	}
	for i, l := range have.Layers {
		if i < len(num.Layers) && num.Layers[i] != l {
			return fmt.Errorf("%s: layer %s is %s; the design says %s: expected a design with the network's own numerics",
				g.file, l.Name, layerBits(l), layerBits(num.Layers[i]))
		}
	}
	return fmt.Errorf("%s has other numerics (bits of softmax or GELU, fold, "+
		"quantizer or calibration) than the design; expected a design with the network's own", g.file)
}

func layerBits(l configs.LayerBits) string {
	text := fmt.Sprintf("w%da%d", l.Weights, l.Activations)
	if l.Granularity != "" {
		text += " by " + string(l.Granularity)
	}
	if l.Group > 0 {
		text += fmt.Sprintf(" of %d", l.Group)
	}
	return text
}

// given are the numerics of an integer network, which no flag can change.
func (f *numericsFlags) given(cmd *cobra.Command, g *given) (configs.Numerics, error) {
	for _, name := range []string{"bits", "granularity", "group", "quantizer", "calib-images", "ln-fold"} {
		if cmd.Flags().Changed(name) {
			return g.net.Numerics, fmt.Errorf("--%s: %s is an integer network, which is quantized already", name, g.file)
		}
	}
	if f.design == "" {
		return g.net.Numerics, nil
	}
	d, err := configs.LoadDesign(f.design, g.net.Model)
	return d.Numerics, err
}

// evalIntegers is eval of an integer network that came without float weights.
func (a *app) evalIntegers(ctx context.Context, e measure.Evaluation, st *progress.Stages) error {
	d, err := e.Count(ctx)
	if err != nil {
		return err
	}
	if a.JSON() {
		text, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return err
		}
		return a.Only(text)
	}
	st.End()
	return layers.Classes(a.Output, d, e.Labels != nil)
}

// sameNetwork refuses an emitted folder that is not of the network of a file.
func sameNetwork(dir, file string) error {
	want, _, err := readNetwork(file)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, emit.NetworkName)
	have, _, err := readNetwork(path)
	if err != nil {
		return err
	}
	if at := have.Difference(want); at != "" {
		return &exitError{exitUnequal, fmt.Errorf("%s is not the network of %s: %s differs; "+
			"emit the folder from that network", path, file, at)}
	}
	return nil
}
