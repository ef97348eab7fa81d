package configs

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"vitdse/configs/network"
)

// Quantizer says how calibration chooses the scales and codes of a network: the menu of
// the survey of Du, Gong and Chu (arXiv 2405.00314). The empty value of a key is its
// first choice, which is what docs/NUMERICS.md describes. Comparable.
type Quantizer struct {
	Scheme Scheme `yaml:"scheme,omitempty" json:",omitempty"` // of the codes that weight matmuls read
	// of symmetric codes: weights, q, k, v, symmetric activations
	CodeRange   CodeRange `yaml:"code_range,omitempty" json:",omitempty"`
	Activations Estimator `yaml:"activations,omitempty" json:",omitempty"` // ranges of activations
	Weights     Estimator `yaml:"weights,omitempty" json:",omitempty"`     // ranges of weights
	// share of values inside the range, for percentile; 0 is 99.9
	Percentile     float64    `yaml:"percentile,omitempty" json:",omitempty"`
	Rounding       Rounding   `yaml:"rounding,omitempty" json:",omitempty"`        // of weights
	BiasCorrection Switch     `yaml:"bias_correction,omitempty" json:",omitempty"` // mean error taken out through the bias
	Scales         ScaleKind  `yaml:"scales,omitempty" json:",omitempty"`          // of requantization
	Calibration    CalibInput `yaml:"calibration,omitempty" json:",omitempty"`     // what the float network is run on
	TokenScales    TokenScale `yaml:"token_scales,omitempty" json:",omitempty"`    // of the codes that weight matmuls read
	Inputs         LayerInput `yaml:"inputs,omitempty" json:",omitempty"`          // what weights are rounded on
	// of the checkpoint, before it is quantized
	Rotation Rotation `yaml:"rotation,omitempty" json:",omitempty"`
	// in which basis each attention head's q, k and v are quantized
	Heads HeadBasis `yaml:"heads,omitempty" json:",omitempty"`
}

// Scheme says where the zero point lies.
type Scheme string

// Schemes.
const (
	Affine    Scheme = "affine"    // own zero point: the codes span the values' two ends
	Symmetric Scheme = "symmetric" // zero point 0
)

// CodeRange says which codes the range of symmetric numbers is spread over.
type CodeRange string

// Code ranges.
const (
	Restricted CodeRange = "restricted" // -(2^(b-1)-1) .. 2^(b-1)-1: scale max|x|/(2^(b-1)-1)
	FullRange  CodeRange = "full"       // -2^(b-1) .. 2^(b-1)-1, of 8 bits from -127 on: scale 2 max|x|/(2^b-1)
)

// Estimator chooses the range of real numbers that the codes span.
type Estimator string

// Estimators.
const (
	MSE        Estimator = "mse"        // least squared error
	MinMax     Estimator = "minmax"     // all that calibration saw
	Percentile Estimator = "percentile" // all but a share of the values
	Average    Estimator = "average"    // mean over batches of their least and greatest value
	KL         Estimator = "kl"         // least Kullback-Leibler divergence of the histograms
)

// Rounding says how weights become codes.
type Rounding string

// Roundings.
const (
	Compensated Rounding = "compensated" // refitted to coded inputs, then GPTQ
	Descent     Rounding = "descent"     // the same, then codes and scales by coordinate descent
	Nearest     Rounding = "nearest"
)

// ScaleKind says which scales a requantization may have.
type ScaleKind string

// Scale kinds.
const (
	FreeScales  ScaleKind = "free"         // a 16-bit multiplier and a shift
	PowerOfTwos ScaleKind = "power-of-two" // weight scales raised until the multiplier is a power of two
)

// CalibInput says what images calibration runs on.
type CalibInput string

// Calibration inputs.
const (
	CalibImages CalibInput = "images"    // of the data set
	CalibNoise  CalibInput = "synthetic" // seeded images made without any data
)

// TokenScale says when the scale of a token's codes is found.
type TokenScale string

// Token scales.
const (
	StaticScales  TokenScale = "static"  // in calibration, one for all tokens
	DynamicScales TokenScale = "dynamic" // as the token comes: a power of two of its own; of plain ViT and DeiT
)

// LayerInput says which inputs of a layer its weights are refitted to and its rounding errors are made up on.
type LayerInput string

// Layer inputs.
const (
	FloatInputs      LayerInput = "float"      // codes of the float network's values
	SequentialInputs LayerInput = "sequential" // codes that the quantized layers before it give; not of Swin
)

// Rotation says whether the residual stream and the value channels are turned offline, which changes no result of the
// float network and spreads outlying channels over all.
type Rotation string

// Rotations.
const (
	NoRotation Rotation = "none"
	// values a head by Hadamard's matrix, the stream by an orthogonal one that keeps means; not of Swin
	Hadamard Rotation = "hadamard"
)

// HeadBasis says in which basis the codes of a head are, which changes no result of the float network.
type HeadBasis string

// Bases of heads.
const (
	// q and k, and v and proj, share the variance of their channels evenly; k and v are centred
	BalancedHeads HeadBasis = "balanced"
	PlainHeads    HeadBasis = "plain" // the checkpoint's own
)

// Switch is a yes or no whose empty value is yes.
type Switch string

// Switch values.
const (
	On  Switch = "on"
	Off Switch = "off"
)

// choices are the legal values of each key, the default first.
var (
	schemes          = []Scheme{Affine, Symmetric}
	codeRanges       = []CodeRange{Restricted, FullRange}
	estimators       = []Estimator{MSE, MinMax, Percentile, Average, KL}
	weightEstimators = []Estimator{MSE, MinMax, Percentile, KL} // weights have no batches
	roundings        = []Rounding{Compensated, Descent, Nearest}
	scaleKinds       = []ScaleKind{FreeScales, PowerOfTwos}
	calibInputs      = []CalibInput{CalibImages, CalibNoise}
	switches         = []Switch{On, Off}
	tokenScales      = []TokenScale{StaticScales, DynamicScales}
	rotations        = []Rotation{NoRotation, Hadamard}
	headBases        = []HeadBasis{BalancedHeads, PlainHeads}
	layerInputs      = []LayerInput{FloatInputs, SequentialInputs}
)

// defaultPercentile leaves one value of a thousand outside.
const defaultPercentile = 99.9

// Full returns the quantizer with every default written out.
func (q Quantizer) Full() Quantizer {
	fill(&q.Scheme, schemes)
	fill(&q.CodeRange, codeRanges)
	fill(&q.Activations, estimators)
	fill(&q.Weights, weightEstimators)
	fill(&q.Rounding, roundings)
	fill(&q.BiasCorrection, switches)
	fill(&q.Scales, scaleKinds)
	fill(&q.Calibration, calibInputs)
	fill(&q.TokenScales, tokenScales)
	fill(&q.Inputs, layerInputs)
	fill(&q.Rotation, rotations)
	fill(&q.Heads, headBases)
	if q.Percentile == 0 {
		q.Percentile = defaultPercentile
	}
	return q
}

// Normal returns the quantizer with defaults left out, so that equal choices are equal
// values and have equal hashes.
func (q Quantizer) Normal() Quantizer {
	q = q.Full()
	clearFirst(&q.Scheme, schemes)
	clearFirst(&q.CodeRange, codeRanges)
	if q.Activations != Percentile && q.Weights != Percentile || q.Percentile == defaultPercentile {
		q.Percentile = 0
	}
	clearFirst(&q.Activations, estimators)
	clearFirst(&q.Weights, weightEstimators)
	clearFirst(&q.Rounding, roundings)
	clearFirst(&q.BiasCorrection, switches)
	clearFirst(&q.Scales, scaleKinds)
	clearFirst(&q.Calibration, calibInputs)
	clearFirst(&q.TokenScales, tokenScales)
	clearFirst(&q.Inputs, layerInputs)
	clearFirst(&q.Rotation, rotations)
	clearFirst(&q.Heads, headBases)
	return q
}

// String is the keys that are not at their defaults, "default" if all are.
func (q Quantizer) String() string {
	if q = q.Normal(); q == (Quantizer{}) {
		return "default"
	}
	text, err := yaml.Marshal(q)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(string(text)), ": ", "="), "\n", ",")
}

func fill[T ~string](v *T, choices []T) {
	if *v == "" {
		*v = choices[0]
	}
}

func clearFirst[T ~string](v *T, choices []T) {
	if *v == choices[0] {
		*v = ""
	}
}

// Validate says everything that is wrong with the quantizer, each with its key.
func (q Quantizer) Validate() error {
	var f faults
	q.check(&f, "")
	return f.join()
}

// check checks the keys under a prefix.
func (q Quantizer) check(f *faults, prefix string) {
	if !(q.Percentile == 0 || q.Percentile >= 50 && q.Percentile <= 100) {
		f.add(prefix+"percentile", "is %g; expected 50..100", q.Percentile)
	}
	q = q.Full()
	oneOf(f, prefix+"scheme", q.Scheme, schemes...)
	oneOf(f, prefix+"code_range", q.CodeRange, codeRanges...)
	oneOf(f, prefix+"activations", q.Activations, estimators...)
	oneOf(f, prefix+"weights", q.Weights, weightEstimators...)
	oneOf(f, prefix+"rounding", q.Rounding, roundings...)
	oneOf(f, prefix+"bias_correction", q.BiasCorrection, switches...)
	oneOf(f, prefix+"scales", q.Scales, scaleKinds...)
	oneOf(f, prefix+"calibration", q.Calibration, calibInputs...)
	oneOf(f, prefix+"token_scales", q.TokenScales, tokenScales...)
	oneOf(f, prefix+"inputs", q.Inputs, layerInputs...)
	oneOf(f, prefix+"rotation", q.Rotation, rotations...)
	oneOf(f, prefix+"heads", q.Heads, headBases...)
}

// OnEngine says which of the numerics of a network the emitted engine does not run, nil if it runs all.
func (n Numerics) OnEngine(net *network.Network) error {
	for _, l := range n.Layers {
		if l.Granularity != PerGroup {
			continue
		}
		if of, ok := net.Layer(l.Name); ok && of.Role == network.EmbedLayer {
			return fmt.Errorf("layer %s: granularity is group; the engine expects channel or layer, "+
				"it sums a patch in another order than that of the groups", l.Name)
		}
	}
	return n.Quantizer.Runs(net)
}

// Runs says why a network cannot have the quantizer's token scales, nil if it can.
func (q Quantizer) Runs(net *network.Network) error {
	if q.TokenScales != DynamicScales {
		return nil
	}
	what := GoldenOnly(net)
	if _, pools := net.Find(network.RolePool); pools {
		what = "a pool of tokens"
	}
	if _, norms := net.Find(network.RoleEmbedNorm); norms {
		what = "a norm in front of the blocks"
	}
	if net.Blocks[0].Window > 0 {
		what = "windows (Swin)"
	}
	if what == "" {
		return nil
	}
	return fmt.Errorf("quantizer.token_scales is dynamic; expected static for a network with %s: scales of each token's "+
		"own are for plain ViT and DeiT", what)
}
