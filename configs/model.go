package configs

import "vitdse/configs/network"

// The model as package network has it, where its keys are documented and it is compiled into ops.
type (
	Model         = network.Model
	Family        = network.Family
	ImageShape    = network.ImageShape
	Interpolation = network.Interpolation
	Activation    = network.Activation
	Pool          = network.Pool
	Rope          = network.Rope
	CropMode      = network.CropMode
	CropOffset    = network.CropOffset
)

// Families and interpolations, likewise.
const (
	ViT           = network.ViT
	DeiT          = network.DeiT
	DeiTDistilled = network.DeiTDistilled
	Swin          = network.Swin

	GELU      = network.GELU
	GELUTanh  = network.GELUTanh
	QuickGELU = network.QuickGELU
	ReLU      = network.ReLU
	SiLU      = network.SiLU

	PoolToken = network.PoolToken
	PoolAvg   = network.PoolAvg
	PoolMax   = network.PoolMax
	PoolMap   = network.PoolMap

	RopeGrid    = network.RopeGrid
	RopeCentred = network.RopeCentred

	CropCenter = network.CropCenter
	CropSquash = network.CropSquash
	CropEven   = network.CropEven
	CropFloor  = network.CropFloor

	Bicubic  = network.Bicubic
	Bilinear = network.Bilinear
)

// layersOf are the quantization layers of a valid model.
func layersOf(m Model) []network.Layer {
	n, err := network.Compile(m)
	if err != nil {
		return nil
	}
	return n.Layers
}
