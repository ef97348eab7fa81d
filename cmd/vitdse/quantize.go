package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/layers"
	"vitdse/configs"
	"vitdse/configs/network"
)

// numericsFlags choose a network's numerics without a design file.
type numericsFlags struct {
	design, bits, granularity, quantizer string
	group, images                        int
	fold                                 float64
}

func (f *numericsFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.design, "design", "", "design `file` whose numerics are taken")
	cmd.Flags().StringVar(&f.bits, "bits", "w8a8", "bits of all blocks, `wNaN`: weights and activations, 2 to 8; "+
		"of a network that came quantized its own")
	cmd.Flags().StringVar(&f.granularity, "granularity", string(configs.PerChannel),
		"what shares a scale of weights: `layer`, channel or group")
	cmd.Flags().IntVar(&f.group, "group", 32, "`weights` of a channel that share a multiplier, with --granularity group")
	cmd.Flags().StringVar(&f.quantizer, "quantizer", "",
		"`choices` that are not the default, such as "+
			"scheme=symmetric,activations=kl,weights=minmax,rounding=nearest,scales=power-of-two")
	cmd.Flags().IntVar(&f.images, "calib-images", 256, "training `images` that ranges are taken from")
	cmd.Flags().Float64Var(&f.fold, "ln-fold", 1, "`strength` of the LayerNorm fold, 0 off to 1 full")
	for _, other := range []string{"bits", "granularity", "group", "quantizer", "calib-images", "ln-fold"} {
		cmd.MarkFlagsMutuallyExclusive("design", other)
	}
}

// numerics are those of the design file, or what the flags say.
func (f *numericsFlags) numerics(m configs.Model) (configs.Numerics, error) {
	if f.design != "" {
		d, err := configs.LoadDesign(f.design, m)
		return d.Numerics, err
	}
	w, a, err := parseBits(f.bits)
	if err != nil {
		return configs.Numerics{}, err
	}
	net, err := network.Compile(m)
	if err != nil {
		return configs.Numerics{}, err
	}
	n := configs.Uniform(m, w, a)
	n.CalibImages, n.LNFold = f.images, f.fold
	if n.Quantizer, err = parseQuantizer(f.quantizer); err != nil {
		return n, err
	}
	for i := range n.Layers {
		l := &n.Layers[i]
		edge := net.Layers[i].Edge // never in groups
		if l.Weights > 0 && (f.granularity != string(configs.PerGroup) || !edge) {
			if l.Granularity = configs.Granularity(f.granularity); l.Granularity == configs.PerGroup {
				l.Group = f.group
			}
		}
	}
	return n, n.Validate(m)
}

// load reads the network of a run file or of flags alone, and the numerics for it.
func (f *numericsFlags) load(a *app, cmd *cobra.Command, args []string) (*trained, configs.Numerics, error) {
	n, err := a.quantizable(cmd, args)
	if err != nil {
		return nil, configs.Numerics{}, err
	}
	if n.integers != nil {
		num, err := f.given(cmd, n.integers)
		return n, num, err
	}
	num, err := f.numerics(n.model)
	if err == nil && n.weights.Grids != nil && f.design == "" && !cmd.Flags().Changed("bits") {
		num = n.weights.Grids.Bits(num)
	}
	return n, num, err
}

// parseQuantizer reads key=value between commas.
func parseQuantizer(text string) (configs.Quantizer, error) {
	if text == "" {
		return configs.Quantizer{}, nil
	}
	var lines strings.Builder
	for _, part := range strings.Split(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return configs.Quantizer{}, fmt.Errorf("--quantizer has %q; expected key=value", part)
		}
		fmt.Fprintf(&lines, "%s: %s\n", strings.TrimSpace(key), strings.TrimSpace(value))
	}
	q, err := configs.Decode[configs.Quantizer]("--quantizer", []byte(lines.String()))
	return q.Normal(), err
}

const quantizeInputs = `The network is that of a run file, or of --model, --checkpoint and --dataset; with the
quantizer calibration=synthetic no images are needed. The numerics are those of --design FILE,
or uniform ones that the flags describe: scheme affine or symmetric, code_range restricted
or full, activations and weights minmax, percentile, average (activations only), mse or kl,
rounding compensated, descent or nearest, bias_correction on or off, scales free or power-of-two, calibration
images or synthetic, inputs float or sequential, rotation none or hadamard, heads balanced or plain.`

func newQuantize(a *app) *cobra.Command {
	var f numericsFlags
	cmd := &cobra.Command{
		Use:   "quantize [RUN.yaml]",
		Short: "Quantize a network and say what it did to every layer",
		Long: `Makes the integer network and prints for every layer the range of its codes, their scale,
the share of values that are clipped, the ratio of signal to noise of the codes and of the
layer's result, and the accumulator width that the codes prove.

` + quantizeInputs,
		Example: "  vitdse quantize configs/digits/run.yaml --bits w4a8 --granularity group --group 32\n" +
			"  vitdse quantize --model deit-tiny --checkpoint model.safetensors --quantizer calibration=synthetic",
		Args: cobra.MaximumNArgs(1),
	}
	addFlags(cmd.Flags(), inputKeys)
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		n, num, err := f.load(a, cmd, args)
		if err == nil {
			err = n.needFloat()
		}
		if err != nil {
			return err
		}
		if _, err := a.checkFloat(cmd.Context(), n); err != nil {
			return err
		}
		a.warnOfFew(n, num.CalibImages)
		st := a.stages()
		defer st.Drop()
		_, report, err := n.inspect(num, st)
		if err != nil {
			return err
		}
		st.End()
		if a.JSON() {
			text, err := json.MarshalIndent(report.Layers, "", "  ")
			if err != nil {
				return err
			}
			return a.Only(text)
		}
		return layers.Show(a.Output, report)
	}
	return cmd
}

// quantizable reads a network with what there is to calibrate it on, from a run file or from
// flags alone.
func (a *app) quantizable(cmd *cobra.Command, args []string) (*trained, error) {
	if len(args) == 1 && !isNetwork(args[0]) {
		run, err := loadRun(cmd, args[0])
		if err != nil {
			return nil, err
		}
		return a.loadAny(cmd.Context(), run)
	}
	run, err := runOrBare(cmd, "")
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		run.Model, run.Checkpoint = args[0], args[0]
	}
	if run.Checkpoint == "-" && (isCheckpoint(run.Model) || isNetwork(run.Model)) {
		run.Checkpoint = run.Model
	}
	if run.Model == "-" {
		run.Model = run.Checkpoint
	}
	if run.Model == "-" || run.Checkpoint == "-" {
		return nil, errors.New("no network: give a run file, or --model and --checkpoint")
	}
	model, err := loadModel(run.Model)
	if err != nil {
		return nil, err
	}
	n, err := loadWeights(model, run.Checkpoint)
	if err != nil || run.Dataset == "-" {
		return n, err
	}
	return n, n.loadData(cmd.Context(), a, run.Dataset)
}
