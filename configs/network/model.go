package network

import (
	"errors"
	"fmt"

	"vitdse/configs/fault"
)

// Model is the shape of a network: everything a part of the tool may know about
// it without reading its weights.
type Model struct {
	Name       string     `yaml:"name"`
	Family     Family     `yaml:"family"`
	Image      ImageShape `yaml:"image"`
	Patch      int        `yaml:"patch"`
	Dim        int        `yaml:"dim"`                   // of Swin: of the first stage, doubled by every patch merging
	Depth      int        `yaml:"depth,omitempty"`       // blocks; not of Swin
	Heads      int        `yaml:"heads,omitempty"`       // not of Swin
	Depths     []int      `yaml:"depths,omitempty"`      // Swin: blocks of each stage
	StageHeads []int      `yaml:"stage_heads,omitempty"` // Swin: heads of each stage
	Window     int        `yaml:"window,omitempty"`      // Swin: side of an attention window in tokens
	// hidden width of the MLP over dim, of which the whole part counts
	MLPRatio     float64   `yaml:"mlp_ratio"`
	Classes      int       `yaml:"classes"`
	LayerNormEps float64   `yaml:"layer_norm_eps"`
	Mean         []float64 `yaml:"mean"`
	Std          []float64 `yaml:"std"`

	// How a photograph becomes an input: its shorter side is resized to the input's side over
	// CropPct (0 is 0.9), by Interpolation (empty is bicubic), and the centre is cut out.
	CropPct       float64       `yaml:"crop_pct,omitempty" json:",omitzero"`
	Interpolation Interpolation `yaml:"interpolation,omitempty" json:",omitzero"`

	CropMode   CropMode   `yaml:"crop_mode,omitempty" json:",omitzero"`   // empty is center
	CropOffset CropOffset `yaml:"crop_offset,omitempty" json:",omitzero"` // empty is even

	// What a vit or deit may have that the plain one has not; not of Swin.
	Activation   Activation `yaml:"activation,omitempty" json:",omitzero"`     // of the MLP; empty is gelu
	NoClassToken bool       `yaml:"no_class_token,omitempty" json:",omitzero"` // the patches' tokens have none in front
	// learned tokens behind the class token, read by no head
	Registers int `yaml:"registers,omitempty" json:",omitzero"`
	// a LayerNorm between patch embedding and first block
	PreNorm bool `yaml:"pre_norm,omitempty" json:",omitzero"`
	QKNorm  bool `yaml:"qk_norm,omitempty" json:",omitzero"` // a LayerNorm of each head's q and k
	// the MLP is activation(gate) times value, as SwiGLU's; mlp_ratio is of the product
	Gated bool `yaml:"gated,omitempty" json:",omitzero"`
	// a LayerNorm in front of the second layer of a gated MLP
	MLPNorm   bool    `yaml:"mlp_norm,omitempty" json:",omitzero"`
	Rope      Rope    `yaml:"rope,omitempty" json:",omitzero"`       // rotary position embeddings; empty is none
	RopeTheta float64 `yaml:"rope_theta,omitempty" json:",omitzero"` // ratio of the fastest to the slowest turn
	// a head's channel j turns with j + half of them, not with its neighbour
	RopeHalf   bool `yaml:"rope_half,omitempty" json:",omitzero"`
	NoPosEmbed bool `yaml:"no_pos_embed,omitempty" json:",omitzero"` // nothing is added to the patch embedding
	// scores get a learned bias for each relative position of two tokens, as BEiT's
	RelativePositions bool `yaml:"relative_positions,omitempty" json:",omitzero"`
	Pool              Pool `yaml:"pool,omitempty" json:",omitzero"` // what the head reads; empty is token
	// the last LayerNorm is behind the pooling, not in front of it
	FCNorm bool `yaml:"fc_norm,omitempty" json:",omitzero"`
	// RopeReference is the grid (rows, columns) that rope: grid was trained with; empty is the model's own.
	RopeReference []int `yaml:"rope_reference,omitempty" json:",omitzero"`
	// there is no head: what it would read is the result, classes its width
	Features bool `yaml:"features,omitempty" json:",omitzero"`
}

// CropMode says which shape a photograph has before its centre is cut out.
type CropMode string

// The shapes: its own, or that of the input, to which both sides are resized.
const (
	CropCenter CropMode = "center"
	CropSquash CropMode = "squash"
)

// CropOffset says how half of an odd margin is rounded.
type CropOffset string

// The roundings: to the even pixel, as torchvision and timm do, or down, as transformers does.
const (
	CropEven  CropOffset = "even"
	CropFloor CropOffset = "floor"
)

// Interpolation is the filter of a resize.
type Interpolation string

// Interpolations, both widened when an image shrinks, as PIL's are.
const (
	Bicubic  Interpolation = "bicubic" // Catmull-Rom, a = -0.5
	Bilinear Interpolation = "bilinear"
)

// Resize is the length of the shorter side, for a side of the input, to which a photograph
// is resized before its centre is cut out.
func (m Model) Resize(side int) int {
	if m.CropPct == 0 {
		return int(float64(side) / 0.9)
	}
	return int(float64(side) / m.CropPct)
}

// ImageShape is the size of one input image in pixels and channels.
type ImageShape struct {
	Height   int `yaml:"height"`
	Width    int `yaml:"width"`
	Channels int `yaml:"channels"`
}

// Pixels is the number of bytes of one u8 image.
func (s ImageShape) Pixels() int { return s.Height * s.Width * s.Channels }

// PrefixTokens is the number of learned tokens in front of the patches: the class
// token, for distilled DeiT the distillation token, and the registers. Swin has none.
func (m Model) PrefixTokens() int {
	n := m.Registers
	if f := familyOf(m.Family); f != nil {
		n += len(f.prefix)
	}
	if m.NoClassToken {
		n--
	}
	return n
}

// Classifiers is the number of heads, each on the row of its own prefix token where nothing is pooled.
func (m Model) Classifiers() int {
	n := 0
	if f := familyOf(m.Family); f != nil && !m.Pools() {
		for _, t := range f.prefix {
			if t.Read {
				n++
			}
		}
	}
	return max(1, n)
}

// Patches is the number of image patches.
func (m Model) Patches() int {
	return (m.Image.Height / m.Patch) * (m.Image.Width / m.Patch)
}

// Tokens is the sequence length: prefix tokens and patches (197 for DeiT at 224x224).
func (m Model) Tokens() int { return m.PrefixTokens() + m.Patches() }

// PatchInner is the number of products of one patch-embedding output: C*P*P.
func (m Model) PatchInner() int { return m.Image.Channels * m.Patch * m.Patch }

// Hidden is the width of the MLP's hidden layer (of Swin: of its first stage).
func (m Model) Hidden() int { return m.hidden(m.Dim) }

// hidden is the width of the MLP's hidden layer of a block of so many channels, as timm has it:
// int(dim * ratio) in double precision.
func (m Model) hidden(dim int) int { return int(float64(dim) * m.MLPRatio) }

// blocks is the number of transformer blocks.
func (m Model) blocks() int {
	n := m.Depth
	for _, d := range m.Depths {
		n += d
	}
	return n
}

// maxShape bounds every number of a model's shape, so that a slip of the keyboard
// is an error and not a sweep that never ends.
const maxShape = 1 << 16

// faults collects what is wrong with a model.
type faults struct{ errs []error }

func (f *faults) add(key, format string, args ...any) {
	f.errs = append(f.errs, &fault.KeyError{Key: key, Msg: fmt.Sprintf(format, args...)})
}

// positive asks for a sensible number above 0 and says whether it is one.
func (f *faults) positive(key string, v int) bool {
	switch {
	case v <= 0:
		f.add(key, "must be a positive integer, is %d", v)
	case v > maxShape:
		f.add(key, "is %d; at most %d is sensible", v, maxShape)
	}
	return v > 0 && v <= maxShape
}

// Validate says everything that is wrong with the model, each with its key.
func (m Model) Validate() error {
	f := &faults{}
	if !fault.IsName(m.Name) {
		f.add("name", "is %.60q; expected %s", m.Name, fault.Names)
	}
	own := familyOf(m.Family)
	if own == nil {
		f.add("family", "is %q; expected one of %s", m.Family, familyNames())
	}
	ok := f.positive("image.height", m.Image.Height)
	ok = f.positive("image.width", m.Image.Width) && ok
	ok = f.positive("image.channels", m.Image.Channels) && ok
	ok = f.positive("patch", m.Patch) && ok
	if ok && (m.Image.Height%m.Patch != 0 || m.Image.Width%m.Patch != 0) {
		f.add("patch", "is %d, which does not divide the image's %dx%d", m.Patch, m.Image.Height, m.Image.Width)
	}
	if own != nil {
		own.check(m, f)
	}
	if !(m.MLPRatio > 0 && m.MLPRatio <= maxShape && m.Hidden() > 0) {
		f.add("mlp_ratio", "must be positive and leave a hidden layer, is %g", m.MLPRatio)
	}
	m.checkVariant(f)
	f.positive("classes", m.Classes)
	if !(m.LayerNormEps > 0 && m.LayerNormEps < 1) {
		f.add("layer_norm_eps", "must be in (0, 1), is %g", m.LayerNormEps)
	}
	for _, v := range []struct {
		key string
		val []float64
	}{{"mean", m.Mean}, {"std", m.Std}} {
		if len(v.val) != m.Image.Channels {
			f.add(v.key, "has %d values; expected one for each of the %d image channels", len(v.val), m.Image.Channels)
		}
	}
	if !(m.CropPct == 0 || m.CropPct >= 0.1 && m.CropPct <= 1) {
		f.add("crop_pct", "is %g; expected 0.1..1", m.CropPct)
	}
	switch m.CropMode {
	case "", CropCenter, CropSquash:
	default:
		f.add("crop_mode", "is %q; expected center or squash", m.CropMode)
	}
	switch m.CropOffset {
	case "", CropEven, CropFloor:
	default:
		f.add("crop_offset", "is %q; expected even or floor", m.CropOffset)
	}
	switch m.Interpolation {
	case "", Bicubic, Bilinear:
	default:
		f.add("interpolation", "is %q; expected bicubic or bilinear", m.Interpolation)
	}
	for i, s := range m.Std {
		if !(s > 0) {
			f.add("std", "value %d must be positive, is %g", i, s)
		}
	}
	return errors.Join(f.errs...)
}
