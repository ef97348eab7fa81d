package configs

import (
	"errors"
	"fmt"
)

// Family is the kind of vision transformer a model file describes.
type Family string

// The families a model file may name. Swin is decoded and listed, and refused by
// the parts of the tool that do not cover it yet.
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
	Dim          int        `yaml:"dim"`
	Depth        int        `yaml:"depth"`
	Heads        int        `yaml:"heads"`
	MLPRatio     int        `yaml:"mlp_ratio"`
	Classes      int        `yaml:"classes"`
	LayerNormEps float64    `yaml:"layer_norm_eps"`
	Mean         []float64  `yaml:"mean"`
	Std          []float64  `yaml:"std"`
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
// token, and for distilled DeiT the distillation token.
func (m Model) PrefixTokens() int {
	if m.Family == DeiTDistilled {
		return 2
	}
	return 1
}

// Patches is the number of image patches.
func (m Model) Patches() int {
	return (m.Image.Height / m.Patch) * (m.Image.Width / m.Patch)
}

// Tokens is the sequence length: prefix tokens and patches (197 for DeiT at 224x224).
func (m Model) Tokens() int { return m.PrefixTokens() + m.Patches() }

// PatchInner is the number of products of one patch-embedding output: C*P*P.
func (m Model) PatchInner() int { return m.Image.Channels * m.Patch * m.Patch }

// HeadDim is the number of channels of one attention head.
func (m Model) HeadDim() int { return m.Dim / m.Heads }

// Hidden is the width of the MLP's hidden layer.
func (m Model) Hidden() int { return m.Dim * m.MLPRatio }

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
	ok = positive("dim", m.Dim)
	ok = positive("heads", m.Heads) && ok
	if ok && m.Dim%m.Heads != 0 {
		bad("heads", "is %d, which does not divide dim %d", m.Heads, m.Dim)
	}
	positive("depth", m.Depth)
	positive("mlp_ratio", m.MLPRatio)
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
	for i, s := range m.Std {
		if !(s > 0) {
			bad("std", "value %d must be positive, is %g", i, s)
		}
	}
	return errors.Join(errs...)
}
