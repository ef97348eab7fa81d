package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // the formats that are read
	_ "image/png"
	"io"
	"math"
	"os"

	"golang.org/x/image/draw"

	"vitdse/configs"
)

// Limits of one photograph: what its header claims is held against them before anything is
// allocated for its pixels.
const (
	maxPhotoPixels = 1 << 26
	maxPhotoBytes  = 1 << 28
)

// readPhoto decodes a file and makes it an input of the model.
func readPhoto(path string, m configs.Model) ([]uint8, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return decodePhoto(f, m)
}

func decodePhoto(f io.ReadSeeker, m configs.Model) ([]uint8, error) {
	head, format, err := image.DecodeConfig(bufio.NewReader(io.LimitReader(f, maxPhotoBytes)))
	if err != nil {
		return nil, fmt.Errorf("%w; expected a PNG or JPEG file", err)
	}
	if head.Width < 1 || head.Height < 1 || int64(head.Width)*int64(head.Height) > maxPhotoPixels {
		return nil, fmt.Errorf("is %d x %d pixels; expected at most %d in all", head.Width, head.Height, maxPhotoPixels)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	src, _, err := image.Decode(bufio.NewReader(io.LimitReader(f, maxPhotoBytes)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	return prepare(src, m)
}

// prepare resizes the shorter side, as torchvision's Resize does, and cuts out the centre.
// Weights and order of the filter are PIL's; PIL rounds to 8 bits between its two passes and
// this does not, so that pixels may differ by 1.
func prepare(src image.Image, m configs.Model) ([]uint8, error) {
	want := m.Image
	if want.Channels != 1 && want.Channels != 3 {
		return nil, fmt.Errorf("model %s has %d channels; photographs have 1 or 3", m.Name, want.Channels)
	}
	src = opaque(src)
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	short := m.Resize(min(want.Width, want.Height))
	toW, toH := short, int(float64(short)*float64(h)/float64(w))
	if w > h {
		toW, toH = int(float64(short)*float64(w)/float64(h)), short
	}
	if toW < want.Width || toH < want.Height {
		return nil, fmt.Errorf("becomes %d x %d pixels, smaller than the input's %d x %d", toW, toH, want.Width, want.Height)
	}
	if int64(toW)*int64(toH) > maxPhotoPixels {
		return nil, errors.New("has a side too long for its other side")
	}
	filter := draw.CatmullRom
	if m.Interpolation == configs.Bilinear {
		filter = draw.BiLinear
	}
	resized := image.NewRGBA(image.Rect(0, 0, toW, toH))
	filter.Scale(resized, resized.Bounds(), src, src.Bounds(), draw.Src, nil)
	left := int(math.RoundToEven(float64(toW-want.Width) / 2)) // Python's round
	top := int(math.RoundToEven(float64(toH-want.Height) / 2))
	pixels := make([]uint8, 0, want.Pixels())
	for y := range want.Height {
		for x := range want.Width {
			c := resized.RGBAAt(left+x, top+y)
			if want.Channels == 1 {
				pixels = append(pixels, color.GrayModel.Convert(c).(color.Gray).Y)
			} else {
				pixels = append(pixels, c.R, c.G, c.B)
			}
		}
	}
	return pixels, nil
}

// opaque drops transparency, as PIL's conversion to RGB does: colours stay what they are.
func opaque(src image.Image) image.Image {
	if o, ok := src.(interface{ Opaque() bool }); ok && o.Opaque() {
		return src
	}
	b := src.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := color.NRGBAModel.Convert(src.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			c.A = 255
			out.SetNRGBA(x, y, c)
		}
	}
	return out
}
