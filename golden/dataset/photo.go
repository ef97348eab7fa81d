package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // the formats that are read
	_ "image/png"
	"io"
	"math"

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
	data, err := configs.ReadRegular(path, maxPhotoBytes)
	if err != nil {
		return nil, err
	}
	return decodePhoto(bytes.NewReader(data), m)
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

// prepare resizes a photograph and cuts out the centre, as timm, torchvision and transformers do.
func prepare(src image.Image, m configs.Model) ([]uint8, error) {
	want := m.Image
	if want.Channels != 1 && want.Channels != 3 {
		return nil, fmt.Errorf("model %s has %d channels; photographs have 1 or 3", m.Name, want.Channels)
	}
	toW, toH := resized(src.Bounds().Dx(), src.Bounds().Dy(), m)
	if toW < want.Width || toH < want.Height {
		return nil, fmt.Errorf("becomes %d x %d pixels, smaller than the input's %d x %d", toW, toH, want.Width, want.Height)
	}
	if int64(toW)*int64(toH) > maxPhotoPixels {
		return nil, errors.New("has a side too long for its other side")
	}
	resized := resize(rgb(src), toW, toH, m)
	left, top := margin(toW-want.Width, m), margin(toH-want.Height, m)
	pixels := make([]uint8, 0, want.Pixels())
	for y := range want.Height {
		for x := range want.Width {
			c := resized.NRGBAAt(left+x, top+y)
			if want.Channels == 1 {
				pixels = append(pixels, color.GrayModel.Convert(c).(color.Gray).Y)
			} else {
				pixels = append(pixels, c.R, c.G, c.B)
			}
		}
	}
	return pixels, nil
}

// resized is the size of a photograph before its centre is cut out. With squash both sides are those of the input
// over crop_pct. Otherwise the aspect ratio stays: of a square input the shorter side becomes that (torchvision's
// Resize), of another the side that is the shorter one in comparison with the input's (timm's ResizeKeepRatio).
func resized(w, h int, m configs.Model) (toW, toH int) {
	wideW, wideH := m.Resize(m.Image.Width), m.Resize(m.Image.Height)
	switch {
	case m.CropMode == configs.CropSquash:
		return wideW, wideH
	case wideW == wideH && w > h:
		return int(float64(wideH) * float64(w) / float64(h)), wideH
	case wideW == wideH:
		return wideW, int(float64(wideW) * float64(h) / float64(w))
	}
	ratio := min(float64(h)/float64(wideH), float64(w)/float64(wideW))
	return int(math.RoundToEven(float64(w) * (1 / ratio))), int(math.RoundToEven(float64(h) * (1 / ratio)))
}

// margin is what is cut off in front, of all that is cut off.
func margin(all int, m configs.Model) int {
	if m.CropOffset == configs.CropFloor {
		return all / 2
	}
	return int(math.RoundToEven(float64(all) / 2)) // Python's round
}
