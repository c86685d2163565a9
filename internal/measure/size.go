package measure

import (
	"context"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/disksize"
	"github.com/tkeimage/terraform-provider-tkeimage/internal/registry"
)

// SizeGiB measures images in the default way and returns the disk that would hold them, in GiB,
// with the default margin.
func (m *Measurer) SizeGiB(ctx context.Context, images []string) (int64, error) {
	report, err := m.Measure(ctx, Request{
		Images: images, Platform: registry.DefaultPlatform, Mode: Auto, ReadBudget: DefaultReadBudget,
		Disk: DefaultDisk,
	})
	if err != nil {
		return 0, err
	}
	disk, err := disksize.Recommend(report.Disk())
	return disk.SizeGiB, err
}
