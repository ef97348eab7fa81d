package configs

import (
	"errors"
	"fmt"
)

// Family is the kind of vision transformer a model file describes.
type Family string

// The families a model file may name. The golden model runs all of them, the engine
// those that [Model.OnEngine] accepts.
const (
	ViT           Family = "vit"
	DeiT          Family = "deit"
	DeiTDistilled Family = "deit-distilled"
	Swin          Family = "swin"
)

// Model is the shape of a network: everything a part of the tool may know about
// it without reading its weights.
type Model struct {
	Name         string     `yaml:"name"`
	Family       Family     `yaml:"family"`
	Image        ImageShape `yaml:"image"`
	Patch        int        `yaml:"patch"`
	Dim          int        `yaml:"dim"`                   // of Swin: of the first stage, doubled by every patch merging
	Depth        int        `yaml:"depth,omitempty"`       // blocks; not of Swin
	Heads        int        `yaml:"heads,omitempty"`       // not of Swin
	Depths       []int      `yaml:"depths,omitempty"`      // Swin: blocks of each stage
	StageHeads   []int      `yaml:"stage_heads,omitempty"` // Swin: heads of each stage
	Window       int        `yaml:"window,omitempty"`      // Swin: side of an attention window in tokens
	MLPRatio     float64    `yaml:"mlp_ratio"`             // hidden width of the MLP over dim, of which the whole part counts
	Classes      int        `yaml:"classes"`
	LayerNormEps float64    `yaml:"layer_norm_eps"`
	Mean         []float64  `yaml:"mean"`
	Std          []float64  `yaml:"std"`

	// How a photograph becomes an input: its shorter side is resized to the input's side over
	// CropPct (0 is 0.9), by Interpolation (empty is bicubic), and the centre is cut out.
	CropPct       float64       `yaml:"crop_pct,omitempty" json:",omitzero"`
	Interpolation Interpolation `yaml:"interpolation,omitempty" json:",omitzero"`

	CropMode   CropMode   `yaml:"crop_mode,omitempty" json:",omitzero"`   // empty is center
	CropOffset CropOffset `yaml:"crop_offset,omitempty" json:",omitzero"` // empty is even

	// What a vit or deit may have that the plain one has not; not of Swin.
	Activation   Activation `yaml:"activation,omitempty" json:",omitzero"`     // of the MLP; empty is gelu
	NoClassToken bool       `yaml:"no_class_token,omitempty" json:",omitzero"` // the patches' tokens have none in front
	Registers    int        `yaml:"registers,omitempty" json:",omitzero"`      // learned tokens behind the class token, read by no head
	PreNorm      bool       `yaml:"pre_norm,omitempty" json:",omitzero"`       // a LayerNorm between patch embedding and first block
	Pool         Pool       `yaml:"pool,omitempty" json:",omitzero"`           // what the head reads; empty is token
	FCNorm       bool       `yaml:"fc_norm,omitempty" json:",omitzero"`        // the last LayerNorm is behind the pooling, not in front of it
	Features     bool       `yaml:"features,omitempty" json:",omitzero"`       // there is no head: what it would read is the result, classes its width
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
	if m.Family == Swin {
		return 0
	}
	n := m.Registers
	if !m.NoClassToken {
		n++
	}
	if m.Family == DeiTDistilled {
		n++
	}
	return n
}

// Patches is the number of image patches.
func (m Model) Patches() int {
	return (m.Image.Height / m.Patch) * (m.Image.Width / m.Patch)
}

// Tokens is the sequence length: prefix tokens and patches (197 for DeiT at 224x224).
func (m Model) Tokens() int { return m.PrefixTokens() + m.Patches() }

// Chunk is how many values of a patch the engine reads in a cycle for a token: the largest power of two that
// neither a beat of the bus nor a row of a patch cuts.
func (m Model) Chunk(busBits int) int {
	chunk := max(1, busBits/8)
	for m.Patch*m.Image.Channels%chunk != 0 {
		chunk /= 2
	}
	return chunk
}

// samePlace is the first of two neighbouring tokens, the first even, that are patches an even number of
// chunks apart in the image; -1 if there are none.
func (m Model) samePlace(chunk int) int {
	across := m.Image.Width / m.Patch
	corner := func(token int) int { // in chunks
		patch := token - m.PrefixTokens()
		return (patch/across*m.Patch*m.Image.Width + patch%across*m.Patch) * m.Image.Channels / chunk
	}
	for t := 0; t+1 < m.Tokens(); t += 2 {
		if t >= m.PrefixTokens() && (corner(t+1)-corner(t))%2 == 0 {
			return t
		}
	}
	return -1
}

// PatchInner is the number of products of one patch-embedding output: C*P*P.
func (m Model) PatchInner() int { return m.Image.Channels * m.Patch * m.Patch }

// HeadDim is the number of channels of one attention head (of Swin: of its first stage).
func (m Model) HeadDim() int {
	if m.Family == Swin {
		return m.Dim / m.StageHeads[0]
	}
	return m.Dim / m.Heads
}

// Hidden is the width of the MLP's hidden layer (of Swin: of its first stage).
func (m Model) Hidden() int { return m.HiddenOf(m.Dim) }

// HiddenOf is the width of the MLP's hidden layer of a block of so many channels, as timm has it:
// int(dim * ratio) in double precision.
func (m Model) HiddenOf(dim int) int { return int(float64(dim) * m.MLPRatio) }

// maxShape bounds every number of a model's shape, so that a slip of the keyboard
// is an error and not a sweep that never ends.
const maxShape = 1 << 16

// Validate says everything that is wrong with the model, each with its key.
func (m Model) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, &KeyError{Key: key, Msg: fmt.Sprintf(format, args...)})
	}
	positive := func(key string, v int) bool {
		switch {
		case v <= 0:
			bad(key, "must be a positive integer, is %d", v)
		case v > maxShape:
			bad(key, "is %d; at most %d is sensible", v, maxShape)
		}
		return v > 0 && v <= maxShape
	}
	if m.Name == "" {
		bad("name", "must not be empty")
	}
	switch m.Family {
	case ViT, DeiT, DeiTDistilled, Swin:
	default:
		bad("family", "is %q; expected one of vit, deit, deit-distilled, swin", m.Family)
	}
	ok := positive("image.height", m.Image.Height)
	ok = positive("image.width", m.Image.Width) && ok
	ok = positive("image.channels", m.Image.Channels) && ok
	ok = positive("patch", m.Patch) && ok
	if ok && (m.Image.Height%m.Patch != 0 || m.Image.Width%m.Patch != 0) {
		bad("patch", "is %d, which does not divide the image's %dx%d", m.Patch, m.Image.Height, m.Image.Width)
	}
	if m.Family == Swin {
		m.validateSwin(bad, positive)
	} else {
		m.validateViT(bad, positive)
	}
	if !(m.MLPRatio > 0 && m.MLPRatio <= maxShape && m.Hidden() > 0) {
		bad("mlp_ratio", "must be positive and leave a hidden layer, is %g", m.MLPRatio)
	}
	m.validateVariant(bad)
	positive("classes", m.Classes)
	if !(m.LayerNormEps > 0 && m.LayerNormEps < 1) {
		bad("layer_norm_eps", "must be in (0, 1), is %g", m.LayerNormEps)
	}
	for _, v := range []struct {
		key string
		val []float64
	}{{"mean", m.Mean}, {"std", m.Std}} {
		if len(v.val) != m.Image.Channels {
			bad(v.key, "has %d values; expected one for each of the %d image channels", len(v.val), m.Image.Channels)
		}
	}
	if !(m.CropPct == 0 || m.CropPct >= 0.1 && m.CropPct <= 1) {
		bad("crop_pct", "is %g; expected 0.1..1", m.CropPct)
	}
	switch m.CropMode {
	case "", CropCenter, CropSquash:
	default:
		bad("crop_mode", "is %q; expected center or squash", m.CropMode)
	}
	switch m.CropOffset {
	case "", CropEven, CropFloor:
	default:
		bad("crop_offset", "is %q; expected even or floor", m.CropOffset)
	}
	switch m.Interpolation {
	case "", Bicubic, Bilinear:
	default:
		bad("interpolation", "is %q; expected bicubic or bilinear", m.Interpolation)
	}
	for i, s := range m.Std {
		if !(s > 0) {
			bad("std", "value %d must be positive, is %g", i, s)
		}
	}
	return errors.Join(errs...)
}

// validateViT checks the keys of a network whose blocks all have one shape.
func (m Model) validateViT(bad func(key, format string, args ...any), positive func(key string, v int) bool) {
	ok := positive("dim", m.Dim)
	ok = positive("heads", m.Heads) && ok
	if ok && m.Dim%m.Heads != 0 {
		bad("heads", "is %d, which does not divide dim %d", m.Heads, m.Dim)
	}
	positive("depth", m.Depth)
	for _, k := range []struct {
		key   string
		given bool
	}{{"depths", m.Depths != nil}, {"stage_heads", m.StageHeads != nil}, {"window", m.Window != 0}} {
		if k.given {
			bad(k.key, "is a key of family swin; family %s has depth and heads", m.Family)
		}
	}
}

// validateSwin checks the keys of a network of stages. A stage's grid of tokens may be
// ragged (it is padded to whole windows), but not smaller than a window: frameworks
// disagree on what that means.
func (m Model) validateSwin(bad func(key, format string, args ...any), positive func(key string, v int) bool) {
	if m.Depth != 0 {
		bad("depth", "is not a key of family swin, which has depths: one number a stage")
	}
	if m.Heads != 0 {
		bad("heads", "is not a key of family swin, which has stage_heads: one number a stage")
	}
	ok := positive("dim", m.Dim)
	ok = positive("window", m.Window) && ok
	ok = ok && m.Patch > 0
	if len(m.Depths) < 1 || len(m.Depths) > maxStages {
		bad("depths", "has %d stages; expected 1..%d", len(m.Depths), maxStages)
		return
	}
	if len(m.StageHeads) != len(m.Depths) {
		bad("stage_heads", "has %d values; expected one for each of the %d stages of depths", len(m.StageHeads), len(m.Depths))
		return
	}
	if m.Dim<<(len(m.Depths)-1) > maxShape {
		bad("dim", "is %d, which %d patch mergings double to %d; at most %d is sensible", m.Dim, len(m.Depths)-1, m.Dim<<(len(m.Depths)-1), maxShape)
	}
	for i := range m.Depths {
		positive(fmt.Sprintf("depths[%d]", i), m.Depths[i])
		key := fmt.Sprintf("stage_heads[%d]", i)
		if !positive(key, m.StageHeads[i]) || !ok {
			continue
		}
		s := m.Stage(i)
		if s.Dim%s.Heads != 0 {
			bad(key, "is %d, which does not divide the stage's %d channels", s.Heads, s.Dim)
		}
		if min(s.H, s.W) < m.Window {
			bad("window", "is %d; stage %d has only %dx%d tokens: expected a larger image or a smaller window", m.Window, i, s.H, s.W)
			ok = false
		}
	}
}
